import Collectives
import Compute
import PlanetData
import ResNet

/// Runs a network over images shared among the ranks, each image on one rank and exactly once.
struct Evaluation {
  let network: ResNet50
  let communicator: Communicator
  let loaderThreads: Int

  /// Logits of all images, batch by batch.
  ///
  /// - Parameters:
  ///   - indices: which of `samples`, the same on all ranks.
  ///   - stop: whether this rank was asked to stop; asked before every batch.
  ///   - body: given a batch, its logits `[n, labels]`, and the place of its first image in `indices`.
  /// - Returns: false if any rank was asked to stop before the end.
  /// - Throws: on all ranks, if one of them cannot read an image.
  func run(
    _ indices: [Int], of samples: [Sample], labels: Int, stop: () -> Bool = { false },
    _ body: (Batch, Tensor, Int) throws -> Void
  ) throws -> Bool {
    let (rank, size, largest) = (communicator.rank, communicator.size, network.images.shape.images)
    let batches = EpochOrder(indices).evaluationBatches(batch: largest, rank: rank, worldSize: size)
    let loader = BatchLoader(
      batches, of: samples, labels: labels, size: network.images.shape.height, augmentation: { _ in .identity },
      threads: loaderThreads)
    let rounds = ((indices.count + size - 1) / size + largest - 1) / largest
    var place = EpochOrder.share(of: indices.count, rank: rank, worldSize: size).lowerBound
    for _ in 0..<rounds {
      // Every rank takes part in every round, also with nothing left to do: that is how all stop together.
      if try communicator.sum([stop() ? 1.0 : 0])[0] > 0 { return false }
      guard let batch = try communicator.agree({ try loader.next() }) else { continue }
      batch.withImages { _ = network.images.floats.update(fromContentsOf: $0) }
      try body(batch, try network.forward(count: batch.count, pass: .evaluation), place)
      place += batch.count
    }
    return true
  }

  enum Outcome {
    /// With nil where there was nothing to evaluate.
    case finished(Metrics?)
    case stopped
  }

  /// Loss and metrics over all images, the same on every rank and for every number of ranks.
  func metrics(_ indices: [Int], of dataset: Dataset, stop: () -> Bool = { false }) throws -> Outcome {
    if indices.isEmpty { return .finished(nil) }
    var scores = ScoreBoard(images: indices.count)
    let labels = dataset.labels.count
    let finished = try run(indices, of: dataset.images, labels: labels, stop: stop) { batch, logits, place in
      batch.targets.withUnsafeBufferPointer { targets in
        for n in 0..<batch.count {
          let row = n * labels..<(n + 1) * labels
          scores.record(
            ImageScore(
              logits: UnsafeBufferPointer(rebasing: logits.floats[row]),
              targets: UnsafeBufferPointer(rebasing: targets[row])),
            at: place + n)
        }
      }
    }
    return finished ? .finished(try scores.metrics(labels: labels, communicator: communicator)) : .stopped
  }
}
