import Collectives
import Compute
public import PlanetData
public import ResNet
public import Scores

/// Runs a network over images shared among the ranks, each image on one rank and exactly once.
public struct Evaluation {
  public let network: Network
  public let worker: Worker

  public init(network: Network, worker: Worker) { (self.network, self.worker) = (network, worker) }

  private var communicator: Communicator { worker.communicator }

  /// Logits of all images, on every rank, round by round: in each, every rank computes a batch.
  ///
  /// A row is computed by one rank, to which the others add zeros. That is exact: every number of ranks gets the same
  /// digits.
  ///
  /// - Parameters:
  ///   - indices: which of `samples`, the same on all ranks.
  ///   - augmentation: what is done to an image, by its index.
  ///   - stop: whether this rank was asked to stop; asked before every round.
  ///   - body: given the place in `indices` of a round's first image, and the logits `[images of the round, labels]`.
  ///     Must not communicate; what it throws on one rank is thrown on all.
  /// - Returns: false if any rank was asked to stop before the end.
  /// - Throws: on all ranks, if one of them cannot read an image.
  public func run(
    _ indices: [Int], of samples: [Sample], labels: Int,
    augmentation: @escaping @Sendable (Int) -> Augmentation = { _ in .identity }, stop: () -> Bool = { false },
    _ body: (Int, [Float]) throws -> Void
  ) throws -> Bool {
    let (rank, size, largest) = (communicator.rank, communicator.size, network.images.shape.images)
    let loader = BatchLoader(
      EpochOrder(indices).evaluationBatches(batch: largest, rank: rank, worldSize: size), of: samples, labels: labels,
      size: network.images.shape.height, augmentation: augmentation, threads: worker.loaderThreads)
    for start in stride(from: 0, to: indices.count, by: largest * size) {
      if try communicator.sum([stop() ? 1.0 : 0])[0] > 0 { return false }
      let images = min(largest * size, indices.count - start)
      let own = EpochOrder.share(of: images, rank: rank, worldSize: size)
      var logits = [Float](repeating: 0, count: images * labels)
      // Where ranks pack weights together, those without images do their part.
      if let batch = try communicator.agree({ try loader.next() }), batch.count > 0 || network.sharesWeights {
        unsafe batch.withImages { _ = unsafe network.images.floats.update(fromContentsOf: $0) }
        let rows = own.lowerBound * labels..<own.upperBound * labels
        unsafe logits.replaceSubrange(rows, with: try network.forward(count: batch.count, pass: .evaluation).floats)
      }
      try unsafe logits.withUnsafeMutableBufferPointer { try unsafe communicator.allReduce($0) }
      try communicator.agree { try body(start, logits) }
    }
    return true
  }

  public enum Outcome {
    /// With nil where there was nothing to evaluate.
    case finished(Predictions?)
    case stopped
  }

  /// Predictions for a dataset's images, the same on every rank.
  public func predictions(_ indices: [Int], of dataset: Dataset, stop: () -> Bool = { false }) throws -> Outcome {
    if indices.isEmpty { return .finished(nil) }
    var logits: [Float] = []
    let finished = try run(indices, of: dataset.images, labels: dataset.labels.count, stop: stop) { logits += $1 }
    return finished ? .finished(Predictions(logits: logits, of: indices, in: dataset)) : .stopped
  }
}
