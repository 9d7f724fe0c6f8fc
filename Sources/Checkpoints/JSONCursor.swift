/// The JSON that safetensors headers are made of: objects, arrays of natural numbers, strings. Anything else (and a key
/// that comes twice, which Foundation's parser would let pass) is an error. Other values can be passed over.
struct JSONCursor {
  private(set) var reader: ByteReader

  /// The next byte that is not white space, left in place; nil at the end.
  mutating func peek() throws(FormatError) -> UInt8? {
    while let byte = reader.next {
      guard byte == 0x20 || (0x09...0x0d).contains(byte) else { return byte }
      _ = try reader.read(1)
    }
    return nil
  }

  mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
    guard try peek() == UInt8(ascii: character) else {
      throw .damaged("no '\(character)' at byte \(reader.position), where its header should have one")
    }
    _ = try reader.read(1)
  }

  /// Whether `character` comes next, which is then consumed.
  private mutating func skips(_ character: Unicode.Scalar) throws(FormatError) -> Bool {
    guard try peek() == UInt8(ascii: character) else { return false }
    _ = try reader.read(1)
    return true
  }

  /// An object; `member` reads the value of each key.
  mutating func object(_ member: (inout JSONCursor, String) throws(FormatError) -> Void) throws(FormatError) {
    try expect("{")
    if try skips("}") { return }
    var keys: Set<String> = []
    repeat {
      let key = try string()
      guard keys.insert(key).inserted else { throw .damaged("'\(key)' comes twice") }
      try expect(":")
      try member(&self, key)
    } while try skips(",")
    try expect("}")
  }

  /// An array; `element` reads each of its values.
  private mutating func array(_ element: (inout JSONCursor) throws(FormatError) -> Void) throws(FormatError) {
    try expect("[")
    if try skips("]") { return }
    repeat { try element(&self) } while try skips(",")
    try expect("]")
  }

  mutating func naturalNumbers() throws(FormatError) -> [Int] {
    var numbers: [Int] = []
    try array { (json: inout JSONCursor) throws(FormatError) in numbers.append(try json.naturalNumber()) }
    return numbers
  }

  /// Passes over a value of any kind.
  ///
  /// - Parameter depth: how deep it may be nested: each level takes some of the stack.
  mutating func skipValue(depth: Int = 64) throws(FormatError) {
    guard depth > 0 else { throw .damaged("nested too deep at byte \(reader.position)") }
    switch try peek() {
    case UInt8(ascii: "{"):
      try object { (json: inout JSONCursor, _: String) throws(FormatError) in try json.skipValue(depth: depth - 1) }
    case UInt8(ascii: "["):
      try array { (json: inout JSONCursor) throws(FormatError) in try json.skipValue(depth: depth - 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: try skipWord()
    }
  }

  /// Passes over a number, `true`, `false` or `null`.
  private mutating func skipWord() throws(FormatError) {
    let start = reader.position
    while let byte = reader.next, Self.wordCharacters.contains(byte) { _ = try reader.read(1) }
    guard reader.position > start else { throw .damaged("no value at byte \(start)") }
  }

  private static let wordCharacters = Set("+-.0123456789abcdefghijklmnopqrstuvwxyzE".utf8)

  private mutating func naturalNumber() throws(FormatError) -> Int {
    _ = try peek()
    let start = reader.position
    let digits = try reader.read(reader.rest.prefix { (0x30...0x39).contains($0) }.count)
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
      throw .damaged("no natural number at byte \(start) of its header")
    }
    return number
  }

  mutating func string() throws(FormatError) -> String {
    try expect("\"")
    let start = reader.position
    var utf8: [UInt8] = []
    while true {
      switch try reader.integer(UInt8.self) {
      case UInt8(ascii: "\""):
        guard let string = String(validating: utf8, as: UTF8.self) else {
          throw .damaged("the text at byte \(start) is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): utf8 += Array(String(try escaped()).utf8)
      case 0..<0x20: throw .damaged("a control character in the text at byte \(start)")
      case let byte: utf8.append(byte)
      }
    }
  }

  /// What follows a backslash. Outside the basic plane JSON writes two `\u` escapes, UTF-16's surrogate pair.
  private mutating func escaped() throws(FormatError) -> Unicode.Scalar {
    let position = reader.position
    let letter = Unicode.Scalar(try reader.integer(UInt8.self))
    switch letter {
    case "\"", "\\", "/": return letter
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try codeUnit()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      if UTF16.isLeadSurrogate(unit), try reader.string(2) == "\\u" {
        let trail = try codeUnit()
        if UTF16.isTrailSurrogate(trail) {
          return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
        }
      }
    default: break
    }
    throw .damaged("a broken escape at byte \(position) of its header")
  }

  private mutating func codeUnit() throws(FormatError) -> UInt16 {
    let digits = try reader.string(4)
    guard digits.utf8.allSatisfy("0123456789abcdefABCDEF".utf8.contains), let unit = UInt16(digits, radix: 16) else {
      throw .damaged("a broken escape '\\u\(digits)' in its header")
    }
    return unit
  }
}
