/// FNV-1a, 64 bits (Fowler, Noll and Vo): a quick hash that is the same on every machine. Not for adversaries.
public struct Fingerprint {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  public mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  /// The bytes and an end mark, so that `ab`, `c` differs from `a`, `bc`.
  public mutating func add(_ text: String) {
    add(text.utf8)
    add(CollectionOfOne(0xFF))
  }

  public mutating func add(_ number: Int) {
    add((0..<8).lazy.map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
  }
}
