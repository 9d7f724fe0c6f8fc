// Random numbers as a pure function of what they are for, so that they depend neither on the number of ranks and
// threads nor on what was drawn before.

import Foundation

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), the counter-based generator
/// of cuRAND and JAX: the `n`-th number is a function of key and counter alone.
///
/// The key is the run's seed; the counter names the use: its ``Purpose`` and two coordinates (epoch and image, step and
/// image, …). Two sources with the same four values give the same numbers, any other pair independent ones.
public struct RandomSource: Sendable {
  /// What the numbers are for. Raw values are part of a run's identity: never renumber.
  public enum Purpose: UInt32, Sendable {
    case parameters = 0
    case epochOrder = 1
    case augmentation = 2
    case dropout = 3
    case synthetic = 4
    case mixupPartner = 5
    case mixupWeight = 6
  }

  private let key: (UInt32, UInt32)
  private var counter: (UInt32, UInt32, UInt32, UInt32)
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - first: first coordinate, in `0..<2³²`.
  ///   - second: second coordinate, in `0..<2³²`.
  public init(seed: UInt64, purpose: Purpose, _ first: Int, _ second: Int) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = (0, purpose.rawValue, UInt32(first), UInt32(second))
  }

  /// The next 32 uniform bits.
  public mutating func next() -> UInt32 {
    if used == 4 {
      block = Self.philox(counter, key: key)
      counter.0 &+= 1
      used = 0
    }
    defer { used += 1 }
    switch used {
    case 0: return block.0
    case 1: return block.1
    case 2: return block.2
    default: return block.3
    }
  }

  /// Uniform in `[0, 1)`, 24 bits.
  public mutating func uniform() -> Float { Float(next() >> 8) * 0x1p-24 }

  /// Uniform in `[low, high)`.
  public mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

  /// Standard normal, by Box and Muller's transform; two uniforms a value.
  public mutating func normal() -> Float {
    let radius = (-2 * log(1 - Double(uniform()))).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(uniform())))
  }

  /// Uniform in `0..<bound`, without bias (Lemire's multiplication with rejection).
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "bound \(bound)")
    let n = UInt32(bound)
    let threshold = (0 &- n) % n
    while true {
      let product = UInt64(next()) * UInt64(n)
      if UInt32(truncatingIfNeeded: product) >= threshold { return Int(product >> 32) }
    }
  }

  /// Puts the elements in a random order (Fisher and Yates), all orders equally likely.
  public mutating func shuffle<T>(_ elements: inout [T]) {
    for i in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(i, below(i + 1)) }
  }

  static func philox(
    _ start: (UInt32, UInt32, UInt32, UInt32), key start2: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = start
    var (k0, k1) = start2
    for _ in 0..<10 {
      let p0 = UInt64(c0) * 0xD251_1F53
      let p1 = UInt64(c2) * 0xCD9E_8D57
      (c0, c1, c2, c3) = (
        UInt32(p1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(p0 >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }
}
