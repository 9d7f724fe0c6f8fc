import Testing

@testable import Checkpoints

/// SplitMix64, so that a failing case comes again.
private struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

@Suite struct FuzzTests {
  static let files = [
    "official.safetensors", "ours.safetensors", "zip.pth", "legacy.pth", "legacy-protocol4.pth", "fastai.pth",
  ]

  /// Bytes that mean something to a parser more often than others do.
  private static let meaningful: [UInt8] = [
    0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x52, 0x62, 0x68, 0x6a, 0x71, 0x74, 0x7d,
  ]

  @Test("mutated files are errors or tensors, never a crash", arguments: files)
  func mutations(name: String) throws {
    let original = try Golden.bytes(name)
    var random = Random(state: 1)
    var accepted = 0
    let rounds = 3000
    for _ in 0..<rounds {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
      if complaint(bytes, anyWeights) == nil { accepted += 1 }
    }
    #expect(accepted < rounds, "not one of \(rounds) mutations of \(name) was noticed")
  }

  @Test("random bytes behind each format's beginning are errors")
  func noise() throws {
    var random = Random(state: 2)
    let magic = Pickle.legacy(object: Pickle(), keys: []).dropLast(Pickle().raw("](e.").bytes.count)
    let beginnings: [[UInt8]] = [[], [0x50, 0x4b, 3, 4], [0x80, 2], [40, 0, 0, 0, 0, 0, 0, 0, 0x7b], Array(magic)]
    for round in 0..<20_000 {
      let count = Int.random(in: 0...200, using: &random)
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(complaint(beginnings[round % beginnings.count] + noise, anyWeights) != nil)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Random) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: bytes.indices, using: &random)
    let length = min(Int.random(in: 1...16, using: &random), bytes.count - at)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[at] = Self.meaningful.randomElement(using: &random) ?? 0
    case 2: bytes.removeSubrange(at..<at + length)
    case 3: bytes.insert(contentsOf: bytes[at..<at + length], at: Int.random(in: bytes.indices, using: &random))
    case 4: for i in at..<at + length { bytes[i] = UInt8.random(in: 0...255, using: &random) }
    default: bytes.removeLast(min(bytes.count, Int.random(in: 1...400, using: &random)))
    }
  }
}
