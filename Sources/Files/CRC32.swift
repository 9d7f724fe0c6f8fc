import CZlib

/// CRC-32 as in zip and zlib, over bytes in several pieces.
public struct CRC32 {
  public private(set) var value: UInt32 = 0

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }  // zlib takes a null pointer as "start again"
    value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }
}

/// As text: eight lower-case hexadecimal digits.
extension CRC32 {
  public static let digitCount = 8
  public static let zeroDigits = String(repeating: "0", count: digitCount)

  public var digits: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: Self.digitCount - digits.count) + digits
  }

  /// The digits of a checksum cannot know themselves: in their own sum they count as zeros.
  public mutating func updateWithZeroDigits() {
    Array(Self.zeroDigits.utf8).withUnsafeBytes { update($0) }
  }
}
