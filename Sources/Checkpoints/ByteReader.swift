/// A position in bytes that are not to be trusted. Every read is checked against the end; integers are little-endian.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) throws(FormatError) {
    guard (0...bytes.count).contains(position) else {
      throw .damaged("it refers to byte \(position) of \(bytes.count)")
    }
    self.bytes = bytes
    self.position = position
  }

  /// The next `count` bytes; they belong to whoever owns `bytes`.
  mutating func read(_ count: Int) throws(FormatError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - position else {
      throw .damaged("it ends at byte \(bytes.count), where \(count) bytes from byte \(position) on should be")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func integer<I: FixedWidthInteger>(_ type: I.Type = I.self) throws(FormatError) -> I {
    I(littleEndian: try read(MemoryLayout<I>.size).loadUnaligned(as: I.self))
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
