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
      #expect(ranks.flatMap { $0[step].indices } == Array(order.indices[step * globalBatch..<(step + 1) * globalBatch]))
      let sizes = ranks.map { $0[step].indices.count }
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  /// Each image of a global batch is mixed once into another, however many ranks share it.
  @Test(arguments: [1, 3]) func ranksShareMixup(worldSize: Int) {
    let order = EpochOrder(shuffling: Array(0..<50), seed: 1, epoch: 0)
    let mixup = Mixup(alpha: 0.4, seed: 7)
    let partners = { mixup.partners(of: $0, step: 100 + $1) }
    let ranks = (0..<worldSize).map {
      order.batches(globalBatch: 16, rank: $0, worldSize: worldSize, partners: partners)
    }
    for step in 0..<3 {
      let batch = Array(order.indices[step * 16..<(step + 1) * 16])
      let mixed = ranks.flatMap { $0[step].partners }
      #expect(mixed == mixup.partners(of: batch, step: 100 + step))
      #expect(mixed.map(\.index).sorted() == batch.sorted() && mixed.map(\.index) != batch)
    }
  }

  /// λ = max(b, 1 - b) of b ~ Beta(α, α): the mean of 1 - λ against numpy's, to four standard errors; α to 0 mixes
  /// nothing.
  @Test(arguments: [(0.4, 0.16025), (1.0, 0.25), (0.05, 0.03172)]) func mixupWeights(alpha: Double, mean: Double) {
    let weights = Mixup(alpha: alpha, seed: 1).partners(of: Array(0..<20_000), step: 0).map { Double($0.weight) }
    #expect(weights.allSatisfy { (0...0.5).contains($0) })
    #expect(abs(weights.reduce(0, +) / 20_000 - mean) < 4 * 0.16 / 20_000.0.squareRoot())
    #expect(Mixup(alpha: 1e-300, seed: 1).partners(of: [1, 2], step: 0).allSatisfy { $0.weight == 0 })
  }

  @Test(arguments: [1, 2, 3, 5, 30], [0, 1, 4, 29, 100])
  func evaluationSeesEachImageOnce(worldSize: Int, count: Int) {
    let order = EpochOrder(Array(0..<count).map { $0 * 3 })
    let ranks = (0..<worldSize).map { order.evaluationBatches(batch: 8, rank: $0, worldSize: worldSize) }
    let rounds = (count + 8 * worldSize - 1) / (8 * worldSize)
    #expect(ranks.allSatisfy { $0.count == rounds && $0.allSatisfy { $0.indices.count <= 8 } })
    // Round after round, so that what is done is always the first so many images.
    #expect((0..<rounds).flatMap { round in ranks.flatMap { $0[round].indices } } == order.indices)
    #expect(ranks.allSatisfy { $0.dropLast().allSatisfy { $0.indices.count == 8 } })
  }
}
