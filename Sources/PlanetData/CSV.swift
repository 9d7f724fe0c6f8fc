/// A strict reader of comma-separated values (RFC 4180): quoted fields, CRLF or LF, a byte order mark, empty lines
/// skipped. Time and memory are linear in the file, and what RFC 4180 does not allow is an error, not a guess.
enum CSV {
  /// The fields of one record and the line it starts on, from 1.
  struct Record {
    let line: Int
    let fields: [String]
  }

  /// What is wrong, and on which line.
  struct Problem: Error, Equatable {
    let line: Int
    let reason: String
  }

  static func records(_ bytes: [UInt8]) throws(Problem) -> [Record] {
    let (quote, comma, cr, lf) = (UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\r"), UInt8(ascii: "\n"))
    var records: [Record] = []
    var i = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var line = 1
    while i < bytes.count {
      let start = line
      var fields: [String] = []
      fields: while true {
        var field: [UInt8] = []
        if i < bytes.count && bytes[i] == quote {
          i += 1
          while true {
            guard i < bytes.count else { throw Problem(line: start, reason: "a quotation mark is never closed") }
            let byte = bytes[i]
            i += 1
            if byte == quote {
              guard i < bytes.count && bytes[i] == quote else { break }
              i += 1
            }
            if byte == lf { line += 1 }
            field.append(byte)
          }
        } else {
          while i < bytes.count && bytes[i] != comma && bytes[i] != cr && bytes[i] != lf {
            guard bytes[i] != quote else { throw Problem(line: line, reason: "a quotation mark inside a field") }
            field.append(bytes[i])
            i += 1
          }
        }
        guard let text = String(validating: field, as: UTF8.self) else {
          throw Problem(line: start, reason: "not UTF-8 text")
        }
        fields.append(text)

        guard i < bytes.count else { break }
        if bytes[i] == comma {
          i += 1
        } else {
          if bytes[i] == cr { i += 1 }
          guard i < bytes.count && bytes[i] == lf else {
            throw Problem(line: line, reason: "something other than a comma or a line's end after a field")
          }
          i += 1
          line += 1
          break fields
        }
      }
      if fields != [""] { records.append(Record(line: start, fields: fields)) }
    }
    return records
  }
}
