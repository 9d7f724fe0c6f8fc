import Testing

@testable import Compute

@Suite struct RandomSourceTests {
  /// Known answers from the authors' Random123 distribution (kat_vectors, philox4x32 10 rounds).
  @Test func knownAnswers() {
    #expect(RandomSource.philox((0, 0, 0, 0), key: (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      RandomSource.philox((ones, ones, ones, ones), key: (ones, ones))
        == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      RandomSource.philox((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func independentOfWhatWasDrawnBefore() {
    var one = RandomSource(seed: 7, purpose: .dropout, 3, 5)
    var other = RandomSource(seed: 7, purpose: .augmentation, 3, 5)
    let first = (0..<9).map { _ in one.next() }
    let otherFirst = (0..<9).map { _ in other.next() }
    #expect(first != otherFirst)
    one = RandomSource(seed: 7, purpose: .dropout, 3, 5)
    #expect(first == (0..<9).map { _ in one.next() })
  }

  @Test func distributions() {
    var random = RandomSource(seed: 1, purpose: .synthetic, 0, 0)
    let count = 100_000
    let normals = (0..<count).map { _ in Double(random.normal()) }
    let mean = normals.reduce(0, +) / Double(count)
    let variance = normals.reduce(0) { $0 + $1 * $1 } / Double(count)
    #expect(abs(mean) < 0.015)
    #expect(abs(variance - 1) < 0.02)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[random.below(7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    #expect((0..<1000).allSatisfy { _ in (0.25..<0.75).contains(random.uniform(0.25, 0.75)) })
  }
}
