import CZlib

/// CRC-32 as in zip and zlib, over bytes in several pieces.
public struct CRC32 {
  /// The checksum of all bytes so far.
  public private(set) var value: UInt32 = 0

  /// The checksum of no bytes.
  public init() {}

  /// Goes on with these bytes.
  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { bytes in
      // zlib takes a null pointer as "start again".
      guard let start = unsafe bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      value = UInt32(truncatingIfNeeded: unsafe crc32_z(UInt(value), start, bytes.count))
    }
  }

  /// Goes on with these bytes.
  public mutating func update(_ bytes: Span<UInt8>) { update(unsafe bytes.bytes) }

  /// The checksum of bytes in one piece.
  public static func of(_ bytes: Span<UInt8>) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }
}

/// As text: eight lower-case hexadecimal digits.
extension CRC32 {
  /// How many digits there are.
  public static let digitCount = 8
  /// Written in the place of the digits while the checksum is computed.
  public static let zeroDigits = String(repeating: "0", count: digitCount)

  /// The checksum as text.
  public var digits: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: Self.digitCount - digits.count) + digits
  }

  /// Goes on as if the checksum's own digits were zeros: a checksum cannot cover itself.
  public mutating func updateWithZeroDigits() {
    update(Array(Self.zeroDigits.utf8).span)
  }
}
