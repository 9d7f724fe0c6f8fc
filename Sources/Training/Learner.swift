import Collectives
import Compute
public import Inference
public import PlanetData
public import Recipes
public import ResNet
import Runs

/// One rank's replica of the network and its share of each training step.
///
/// Replicas stay identical to the bit: they start equal, and are updated in the same way by the same averaged gradients.
public final class Learner {
  let replica: Replica
  public let network: Network
  let optimizer: any Optimizer
  /// One-cycle over the stage; the learning rate finder puts its own in this place.
  var schedule: any Schedule
  private let stage: Configuration.Stage
  private let configuration: Configuration
  private let worker: Worker
  let averaging: Averaging
  /// This rank's images by the parts of a batch.
  private let parts: BatchParts
  private var communicator: Communicator { worker.communicator }
  var parameters: Parameters { replica.parameters }
  /// The weights' moving average; nil if the recipe's `ema` is 0.
  let average: Snapshot?
  /// The weights that the best epoch so far ended with; nil without `keep_best`.
  let best: Snapshot?
  private let dLogits: Tensor
  private let arena = Arena()
  /// The time spent so far, by phase.
  public let stopwatch: Stopwatch

  /// - Parameter steps: how many the whole stage has: the length of its learning rate cycle.
  public init(
    _ replica: Replica, stage: Configuration.Stage, configuration: Configuration, steps: Int, worker: Worker
  ) throws {
    self.replica = replica
    let parameters = replica.parameters
    self.stage = stage
    self.configuration = configuration
    self.worker = worker
    schedule = OneCycle(steps: steps, peaks: stage.learningRates)
    let largest = max(1, EpochOrder.largestShare(of: configuration.batchSize, worldSize: worker.communicator.size))
    let (rank, worldSize) = (worker.communicator.rank, worker.communicator.size)
    parts = BatchParts(
      batch: configuration.batchSize, parts: configuration.virtualRanks.count, rank: rank, worldSize: worldSize)
    network = Network(
      parameters, imageSize: stage.size, batch: largest, engine: worker.engine, parts: parts.images.count)
    optimizer = try Recipe.optimizer.make(replica, weightDecay: configuration.wd, engine: worker.engine)
    stopwatch = Stopwatch(worker.communicator)
    averaging = Averaging(
      replica, frozen: stage.frozen, optimizer: optimizer, stopwatch: stopwatch, engine: worker.engine)
    dLogits = arena.tensor(Shape(largest, 1, 1, parameters.labels))
    average = configuration.ema > 0 ? try Snapshot(of: replica) : nil
    best = configuration.keepBest ? try Snapshot(of: replica) : nil
    try network.packTogether(among: worker.communicator)
  }

  /// Forward, loss, and backward with averaging and update: one step on this rank's part of a global batch.
  ///
  /// - Parameters:
  ///   - step: counted from the beginning of the stage.
  ///   - stop: whether this rank was asked to stop.
  ///   - saves: on rank 0, whether the state will be saved after the step.
  /// - Returns: what all ranks agreed on.
  public func step(_ batch: Batch, step: Int, stop: Bool, saves: Bool = false) throws -> Control {
    stopwatch.time(\.data) { unsafe batch.withImages { _ = unsafe network.images.floats.update(fromContentsOf: $0) } }
    let pass = unsafe Pass(
      training: true, frozen: stage.frozen, parts: parts, sumOverRanks: sumOverRanks, willRead: averaging.complete,
      layerDone: averaging.layerDone,
      givesCommonGradients: sumOverRanks == nil || communicator.rank == 0, dropout: Float(configuration.ps),
      seed: configuration.seed(of: stage), step: step, images: batch.indices)
    let logits = try stopwatch.time(\.forward) { try network.forward(count: batch.count, pass: pass) }

    let targets = smoothed(batch.targets)
    let control = try stopwatch.time(\.loss) {
      let lossSum = unsafe targets.withUnsafeBufferPointer { targets in
        parts.sum { images in
          let values = images.lowerBound * parameters.labels..<images.upperBound * parameters.labels
          return unsafe MultiLabelLoss.sum(
            UnsafeBufferPointer(rebasing: logits.floats[values]), targets: .init(rebasing: targets[values]))
        }
      }
      return try Control.exchange(
        step: step, stop: stop, saves: saves, lossSum: lossSum, images: batch.count, labels: parameters.labels,
        schedule: schedule,
        deferring: average == nil ? averaging.deferral.buckets : 0, communicator: communicator)
    }

    let dLogits = self.dLogits.prefix(batch.count)
    unsafe targets.withUnsafeBufferPointer {
      // Dividing by the size of the global batch makes the sum of the ranks' gradients the gradient of its mean loss.
      unsafe MultiLabelLoss.backward(logits, targets: $0, images: configuration.batchSize, into: dLogits)
    }
    averaging.begin(control.hyperparameters, deferring: control.deferring)
    try stopwatch.time(\.backward) { try network.backward(dLogits, pass: pass) }
    try averaging.finish()
    stopwatch.time(\.optimizer) {
      average?.follow(step: optimizer.step, decay: configuration.ema, engine: worker.engine)
    }
    return control
  }

  private func smoothed(_ targets: [Float]) -> [Float] {
    let epsilon = Float(configuration.labelSmoothing)
    return epsilon > 0 ? targets.map { $0 * (1 - epsilon) + epsilon / 2 } : targets
  }

  /// Returns when the last step's update is complete, before anyone but the next step looks at the weights. Collective.
  public func completeUpdate() throws { try averaging.complete() }

  /// Runs `body` with the weights that are evaluated in the network: their moving average, if there is one.
  func withResult<R>(_ body: () throws -> R) throws -> R {
    try averageRunningStatistics()
    guard let average else { return try body() }
    try average.swap()
    let result = Result {
      try averageRunningStatistics()
      return try body()
    }
    try average.swap()
    return try result.get()
  }

  /// Gives the network the weights that the stage ends with: the best epoch's, or the moving average, or the last.
  func settle() throws { try (best ?? average)?.restore() }

  private var sumOverRanks: Pass.Sum? {
    guard configuration.batchNorm == .sync, communicator.size > 1 else { return nil }
    return { [communicator] sums in try unsafe communicator.allReduce(sums) }
  }

  /// Makes the ranks' running statistics equal before an evaluation, where each rank has followed its own batches: all get
  /// the average, weighted by each rank's images of a step.
  private func averageRunningStatistics() throws {
    guard configuration.batchNorm == .local, communicator.size > 1 else { return }
    // Averaging equal values rounds too. A run that stopped just after this comes here again and must change nothing.
    let hashes = try unsafe communicator.allGather(hash(parameters.runningStatistics))
    if Set(hashes).count == 1 { return }
    let batch = configuration.batchSize
    let share = EpochOrder.share(of: batch, rank: communicator.rank, worldSize: communicator.size)
    let weight = Float(share.count) / Float(batch)
    for i in unsafe parameters.runningStatistics.indices { unsafe parameters.runningStatistics[i] *= weight }
    try unsafe communicator.allReduce(parameters.runningStatistics)
  }
}
