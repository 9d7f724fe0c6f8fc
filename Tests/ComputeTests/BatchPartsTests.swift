import Compute
import Testing

@Suite struct BatchPartsTests {
  /// Images of part v are ⌊Bv/V⌋ ..< ⌊B(v+1)/V⌋ of the batch, whoever has them.
  @Test(arguments: [1, 2, 4, 8]) func ranksShareParts(ranks: Int) {
    var sizes: [Int] = []
    for rank in 0..<ranks {
      let parts = BatchParts(batch: 20, parts: 8, rank: rank, worldSize: ranks).images
      #expect(
        parts.first?.lowerBound == 0 && zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      sizes += parts.map(\.count)
    }
    #expect(sizes == [2, 3, 2, 3, 2, 3, 2, 3])
  }

  /// Ranks that do not divide the parts have one of their own each.
  @Test(arguments: [3, 5, 16]) func otherRanks(ranks: Int) {
    let parts = (0..<ranks).map { BatchParts(batch: 20, parts: 8, rank: $0, worldSize: ranks).images }
    #expect(parts.allSatisfy { $0.count == 1 && $0[0].lowerBound == 0 })
    #expect(parts.reduce(0) { $0 + $1[0].count } == 20)
  }

  /// A sum is a tree: a large number in one half does not swallow those in the other.
  @Test func sumsAreTrees() {
    let values = [1e16, 1, 1, 1, 1, 1, 1, 1]
    let sum = BatchParts(batch: 8, parts: 8, rank: 0, worldSize: 1).sum { values[$0.lowerBound] }
    #expect(sum == 10_000_000_000_000_006)
  }
}
