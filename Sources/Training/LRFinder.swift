import Collectives
import Foundation
import PlanetData
public import Recipes
import ResNet
import Runs

/// The learning rate range test (Smith, arXiv:1506.01186) as fastai's `lr_find` (recipe §7): some steps of training
/// with a rate that grows exponentially, the same for all layer groups, until the loss runs away.
public struct LRFinder: Equatable, Sendable {
  /// The first step's rate.
  public var startLR = 1e-7
  /// The rate that the step after the last would have.
  public var endLR = 10.0
  /// The most steps there are.
  public var numIt = 100

  public init() {}

  /// Makes the steps, and puts everything back: weights, running statistics, the optimizer and the schedule. Collective.
  ///
  /// - Parameters:
  ///   - loader: this rank's batches of an epoch; asked for another epoch when one ends before the test does.
  ///   - progress: told each step's point.
  /// - Returns: the same curve on every rank; for another number of ranks it differs by rounding only.
  func run(
    _ learner: Learner, communicator: Communicator, loader: (_ epoch: Int) -> BatchLoader,
    progress: (LRCurve.Point) -> Void = { _ in }
  ) throws -> LRCurve {
    let saved = try LearnerState(learner)
    learner.schedule = self
    let curve = Result { try steps(learner, communicator: communicator, loader: loader, progress: progress) }
    try learner.completeUpdate()
    try saved.restore(learner)
    return try curve.get()
  }

  private func steps(
    _ learner: Learner, communicator: Communicator, loader: (_ epoch: Int) -> BatchLoader,
    progress: (LRCurve.Point) -> Void
  ) throws -> LRCurve {
    var (curve, epoch) = (LRCurve(), 0)
    while true {
      let batches = loader(epoch)
      while let batch = try communicator.agree({ try batches.next() }) {
        let point = curve.next(lr: rate(at: curve.points.count), loss: try loss(of: batch, curve.points.count, learner))
        progress(point)
        if curve.points.count == numIt || curve.hasDiverged { return curve }
      }
      epoch += 1
    }
  }

  /// The loss of a step, or not-a-number where training would end with ``TrainingError/notFinite(step:)``. The loss is the
  /// ranks' sum, so all get the same.
  private func loss(of batch: Batch, _ step: Int, _ learner: Learner) throws -> Double {
    do {
      return try learner.step(batch, step: step, stop: false).loss
    } catch TrainingError.notFinite {
      return .nan
    }
  }

  func rate(at step: Int) -> Double { startLR * pow(endLR / startLR, Double(step) / Double(numIt)) }
}

extension LRFinder: Schedule {
  public func values(at step: Int) -> Hyperparameters {
    Hyperparameters(rates: Array(repeating: rate(at: step), count: Configuration.layerGroups), momentum: 0.9)
  }
}

/// What training changes in a learner, kept in memory.
struct LearnerState {
  private let weights: Snapshot
  private let optimizer: [OwnedFloats]
  private let step: Int
  private let schedule: any Schedule
  private let phases: Phases

  init(_ learner: Learner) throws {
    weights = try Snapshot(of: learner.replica)
    optimizer = try learner.optimizer.state.map { now in
      let kept = try learner.replica.floats()
      try learner.replica.write { unsafe Snapshot.copy($0, from: now.values, to: kept.values) }
      return kept
    }
    step = learner.optimizer.step
    schedule = learner.schedule
    phases = learner.stopwatch.phases
  }

  func restore(_ learner: Learner) throws {
    try weights.restore()
    for (now, before) in zip(learner.optimizer.state, optimizer) {
      try learner.replica.write { unsafe Snapshot.copy($0, from: before.values, to: now.values) }
    }
    learner.optimizer.step = step
    learner.schedule = schedule
    learner.stopwatch.phases = phases
  }
}
