import Foundation

/// JSON that people may have edited: read as Foundation does, which lets a key pass that comes twice, and then refused
/// for that, since nobody knows which of the two values was meant.
public enum StrictJSON {
  /// What is wrong with it, in words.
  public struct Problem: Error, Equatable {
    public let reason: String
  }

  /// - Throws: `DecodingError`; ``Problem``, naming the key that comes twice.
  public static func decode<T: Decodable>(_ type: T.Type = T.self, from bytes: [UInt8]) throws -> T {
    let value = try JSONDecoder().decode(type, from: Data(bytes))
    do throws(FormatError) {
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let start = bytes.starts(with: mark) ? mark.count : 0
      var json = JSONCursor(reader: try ByteReader(bytes[...], at: start))
      try json.skipValue()
    } catch .damaged(let reason), .unsupported(let reason) {
      throw Problem(reason: reason)
    }
    return value
  }
}
