import Testing

@testable import PlanetData

@Suite struct EpochOrderTests {
  @Test func shuffles() {
    let indices = Array(stride(from: 5, to: 505, by: 5))
    let order = EpochOrder(shuffling: indices, seed: 3, epoch: 1)
    #expect(order.indices != indices && order.indices.sorted() == indices)
    #expect(EpochOrder(shuffling: indices, seed: 3, epoch: 1) == order)
    #expect(EpochOrder(shuffling: indices, seed: 3, epoch: 2) != order)
    #expect(EpochOrder(shuffling: indices, seed: 4, epoch: 1) != order)
    #expect(EpochOrder(shuffling: [], seed: 3, epoch: 1).indices == [])
    #expect(EpochOrder(shuffling: [8], seed: 3, epoch: 1).indices == [8])
  }

  /// All 24 orders of four things come about equally often: chi squared, 23 degrees of freedom, at 1 in 10,000.
  @Test func uniform() {
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<24_000 {
      counts[EpochOrder(shuffling: [0, 1, 2, 3], seed: 11, epoch: epoch).indices, default: 0] += 1
    }
    #expect(counts.count == 24)
    let chiSquared = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    #expect(chiSquared < 56)
  }

  @Test(arguments: [1, 2, 3, 4, 7, 8, 20], [1, 5, 8, 64, 200])
  func ranksShareGlobalBatches(worldSize: Int, globalBatch: Int) {
    let order = EpochOrder(shuffling: Array(0..<150), seed: 1, epoch: 0)
    let ranks = (0..<worldSize).map { order.batches(globalBatch: globalBatch, rank: $0, worldSize: worldSize) }
    let steps = 150 / globalBatch
    #expect(ranks.allSatisfy { $0.count == steps })
    for step in 0..<steps {
      #expect(ranks.flatMap { $0[step] } == Array(order.indices[step * globalBatch..<(step + 1) * globalBatch]))
      let sizes = ranks.map { $0[step].count }
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  @Test(arguments: [1, 2, 3, 5, 30], [0, 1, 4, 29, 100])
  func evaluationSeesEachImageOnce(worldSize: Int, count: Int) {
    let order = EpochOrder(Array(0..<count).map { $0 * 3 })
    let batches = (0..<worldSize).flatMap { order.evaluationBatches(batch: 8, rank: $0, worldSize: worldSize) }
    #expect(batches.flatMap { $0 } == order.indices)
    #expect(batches.allSatisfy { !$0.isEmpty && $0.count <= 8 })
  }
}
