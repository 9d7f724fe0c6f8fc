/// The turn that a camera asks viewers to make (Exif 2.32, tag 0x0112): 1 for none.
enum Orientation {
  /// - Returns: 2 to 8; nil for a picture to be shown as it is stored, and for bytes that are no picture.
  static func of(jpeg bytes: [UInt8]) -> Int? {
    var i = 2
    // Segments come before the picture's data (DA): FF, a code, and a length that counts itself. E1 holds Exif.
    while i + 3 < bytes.count, bytes[i] == 0xFF, bytes[i + 1] != 0xDA {
      if bytes[i + 1] == 0xFF {  // Any number of FF may stand before a code.
        i += 1
        continue
      }
      let end = i + 2 + (Int(bytes[i + 2]) << 8 | Int(bytes[i + 3]))
      guard end <= bytes.count, end > i + 3 else { return nil }
      let content = bytes[(i + 4)..<end]
      if bytes[i + 1] == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) { return of(tiff: content.dropFirst(6)) }
      i = end
    }
    return nil
  }

  /// The orientation in the first directory of a TIFF file, which is what Exif is: entries of twelve bytes, tag first.
  private static func of(tiff: ArraySlice<UInt8>) -> Int? {
    let isLittle = tiff.starts(with: Array("II".utf8))
    func number(_ offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, offset + count <= tiff.count else { return nil }
      let bytes = tiff.dropFirst(offset).prefix(count)
      return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
    let entry = (0..<entries).lazy.map { directory + 2 + 12 * $0 }.first { number($0, 2) == 0x0112 }
    guard let value = entry.flatMap({ number($0 + 8, 2) }), (2...8).contains(value) else { return nil }
    return value
  }
}
