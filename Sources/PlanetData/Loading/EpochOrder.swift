import Compute

/// The order in which an epoch goes through images, and each rank's part of it.
public struct EpochOrder: Sendable, Equatable {
  /// Indices into the dataset.
  public let indices: [Int]

  /// As given: for evaluation, and for training that does not shuffle.
  public init(_ indices: [Int]) { self.indices = indices }

  /// Shuffled (Fisher and Yates), a function of seed, epoch and the indices alone.
  ///
  /// - Parameters:
  ///   - seed: the stage's: stages must not repeat each other.
  ///   - epoch: of the stage.
  public init(shuffling indices: [Int], seed: UInt64, epoch: Int) {
    var random = RandomSource(seed: seed, purpose: .epochOrder, epoch, 0)
    var order = indices
    random.shuffle(&order)
    self.indices = order
  }

  /// A rank's batches for training: its slice of each whole global batch. The last, partial one is dropped, as by
  /// fastai. Together the ranks see the same global batches whatever the world size; slices differ by at most one
  /// image, and are empty for some ranks where the world is larger than the batch.
  ///
  /// - Parameter partners: given a global batch and its number in the epoch, what is mixed into each of its images.
  public func batches(
    globalBatch: Int, rank: Int, worldSize: Int, partners: (([Int], Int) -> [Mixup.Partner])? = nil
  ) -> [BatchLoad] {
    precondition(globalBatch > 0, "global batch \(globalBatch)")
    let part = Self.share(of: globalBatch, rank: rank, worldSize: worldSize)
    return (0..<indices.count / globalBatch).map { step in
      let batch = Array(indices[step * globalBatch..<(step + 1) * globalBatch])
      return BatchLoad(Array(batch[part]), partners: partners.map { Array($0(batch, step)[part]) } ?? [])
    }
  }

  /// A rank's batches for evaluation, of at most `batch` images: its slice of each round, in which the ranks together
  /// take the next `batch * worldSize` images. So each image comes exactly once, and after every round a prefix is done.
  /// All ranks have as many batches; in the last round they are smaller, and may be empty.
  public func evaluationBatches(batch: Int, rank: Int, worldSize: Int) -> [BatchLoad] {
    precondition(batch > 0, "batch \(batch)")
    return stride(from: 0, to: indices.count, by: batch * worldSize).map { start in
      let round = min(batch * worldSize, indices.count - start)
      let part = Self.share(of: round, rank: rank, worldSize: worldSize)
      return BatchLoad(Array(indices[start + part.lowerBound..<start + part.upperBound]))
    }
  }

  /// `0..<count` cut into `worldSize` consecutive parts of nearly equal length.
  public static func share(of count: Int, rank: Int, worldSize: Int) -> Range<Int> {
    precondition(rank >= 0 && rank < worldSize, "rank \(rank) of \(worldSize)")
    return count * rank / worldSize..<count * (rank + 1) / worldSize
  }

  /// How many the largest of these parts has.
  public static func largestShare(of count: Int, worldSize: Int) -> Int { (count + worldSize - 1) / worldSize }
}
