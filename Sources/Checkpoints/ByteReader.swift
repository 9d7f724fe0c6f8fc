/// A position in bytes that are not to be trusted. Every read is checked against the end; integers are little-endian.
///
/// It holds a slice of an array rather than a `RawSpan`, since Swift 6.3 cannot yet keep spans in structures.
struct ByteReader {
  let bytes: ArraySlice<UInt8>
  /// How many bytes of the slice are before this place.
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>, at position: Int = 0) throws(FormatError) {
    guard (0...bytes.count).contains(position) else {
      throw .damaged("it refers to byte \(position) of \(bytes.count)")
    }
    self.bytes = bytes
    self.position = position
  }

  /// The bytes not read yet.
  var rest: ArraySlice<UInt8> { bytes[(bytes.startIndex + position)...] }

  /// The next byte, left in place; nil at the end.
  var next: UInt8? { position < bytes.count ? bytes[bytes.startIndex + position] : nil }

  /// The next `count` bytes, which are not copied.
  mutating func read(_ count: Int) throws(FormatError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else {
      throw .damaged("it ends at byte \(bytes.count), where \(count) bytes from byte \(position) on should be")
    }
    defer { position += count }
    return rest.prefix(count)
  }

  mutating func integer<I: FixedWidthInteger>(_ type: I.Type = I.self) throws(FormatError) -> I {
    I(truncatingIfNeeded: try bits(MemoryLayout<I>.size))
  }

  /// The next `count` bytes, eight at most. Not generic, since generic loops are slow where the compiler sees one file.
  private mutating func bits(_ count: Int) throws(FormatError) -> UInt64 {
    var bits: UInt64 = 0
    for byte in try read(count).reversed() { bits = bits << 8 | UInt64(byte) }
    return bits
  }

  /// An integer that must fit a count or a position.
  mutating func count<I: FixedWidthInteger>(_ type: I.Type) throws(FormatError) -> Int {
    let value = try integer(type)
    guard let count = Int(exactly: value), count >= 0 else { throw .damaged("it counts \(value) bytes or elements") }
    return count
  }

  /// The next `count` bytes as UTF-8.
  mutating func string(_ count: Int) throws(FormatError) -> String {
    let start = position
    guard let string = String(validating: try read(count), as: UTF8.self) else {
      throw .damaged("the text at byte \(start) is not UTF-8")
    }
    return string
  }
}
