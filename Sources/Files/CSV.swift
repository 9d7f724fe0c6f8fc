/// Comma-separated values (RFC 4180). The reader is strict: quoted fields, CRLF or LF, a byte order mark, empty lines
/// skipped. Time and memory are linear in the file, and what RFC 4180 does not allow is a problem, not a guess.
public enum CSV {
  /// A record of these fields, with its line's end: what every file of ours is made of.
  public static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  /// By bytes: an accent after a comma must not hide it.
  private static func quoted(_ field: String) -> String {
    let quote = UInt8(ascii: "\"")
    let special = [quote, UInt8(ascii: ","), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    guard field.utf8.contains(where: special.contains) else { return field }
    let doubled = field.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
    return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
  }

  /// The fields of one record and the line it starts on, from 1.
  public struct Record {
    public let line: Int
    public let fields: [String]
  }

  /// What is wrong, and on which line.
  public struct Problem: Error, Equatable {
    public let line: Int
    public let reason: String

    public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }
  }

  /// The file's records.
  ///
  /// - Parameter report: given each problem; unless it throws, reading goes on with the line after it.
  public static func records<E>(_ bytes: [UInt8], report: (Problem) throws(E) -> Void) throws(E) -> [Record] {
    var reader = Reader(bytes)
    var records: [Record] = []
    while !reader.isAtEnd {
      do throws(Problem) {
        let record = try reader.record()
        if record.fields != [""] { records.append(record) }
      } catch {
        reader.skipLine()
        try report(error)
      }
    }
    return records
  }

  private struct Reader {
    private let bytes: [UInt8]
    private var i: Int
    private var line = 1

    private let quote = UInt8(ascii: "\"")
    private let comma = UInt8(ascii: ",")
    private let cr = UInt8(ascii: "\r")
    private let lf = UInt8(ascii: "\n")

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      i = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    var isAtEnd: Bool { i >= bytes.count }

    mutating func record() throws(Problem) -> Record {
      let start = line
      var fields: [String] = []
      while true {
        fields.append(try field(of: start))
        guard !isAtEnd else { break }
        let isLast = bytes[i] != comma
        if bytes[i] == cr { i += 1 }
        guard !isLast || !isAtEnd && bytes[i] == lf else {
          throw Problem(line: line, reason: "something other than a comma or a line's end after a field")
        }
        i += 1
        if isLast {
          line += 1
          break
        }
      }
      return Record(line: start, fields: fields)
    }

    private mutating func field(of record: Int) throws(Problem) -> String {
      var field: [UInt8] = []
      if !isAtEnd && bytes[i] == quote {
        i += 1
        while true {
          guard !isAtEnd else { throw Problem(line: record, reason: "a quotation mark is never closed") }
          let byte = bytes[i]
          i += 1
          if byte == quote {
            guard !isAtEnd && bytes[i] == quote else { break }
            i += 1
          }
          if byte == lf { line += 1 }
          field.append(byte)
        }
      } else {
        while !isAtEnd && bytes[i] != comma && bytes[i] != cr && bytes[i] != lf {
          guard bytes[i] != quote else { throw Problem(line: line, reason: "a quotation mark inside a field") }
          field.append(bytes[i])
          i += 1
        }
      }
      guard let text = String(validating: field, as: UTF8.self) else {
        throw Problem(line: record, reason: "not UTF-8 text")
      }
      return text
    }

    mutating func skipLine() {
      while !isAtEnd && bytes[i] != lf { i += 1 }
      i += 1
      line += 1
    }
  }
}
