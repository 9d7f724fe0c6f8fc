import Compute
import Foundation
public import Recipes
public import Scores

/// How far a run has come.
public struct Progress: Codable, Equatable, Sendable {
  /// Index into the configuration's stages.
  public var stage = 0
  /// Epochs of the stage that are trained and evaluated.
  public var epoch = 0
  /// Steps of the next epoch that are trained: the position in its order.
  public var stepInEpoch = 0
  /// Updates the stage's optimizer has made.
  public var optimizerStep = 0
  /// Time already spent on the next epoch.
  public var secondsInEpoch = 0.0
  /// Where the stage's time went.
  public var phases = Phases()
  public var smoothedLoss = SmoothedLoss()
  public var history: [HistoryRow] = []

  /// - Parameters:
  ///   - stage: the index of the stage that begins.
  ///   - history: of the stages before it.
  public init(stage: Int = 0, history: [HistoryRow] = []) { (self.stage, self.history) = (stage, history) }
}

/// What a state says about the run it belongs to.
public struct SavedRun: Codable, Sendable {
  public var progress: Progress
  public var configuration: Configuration
  public var labels: [String]
  /// The dataset's fingerprint.
  public var fingerprint: UInt64
  /// Nil in states of before they said.
  public var data: DataOrigin?
  /// How its kernels round, as ``Worker/rounding``; nil in states of before they said.
  public var rounding: String?

  public init(
    progress: Progress, configuration: Configuration, labels: [String], fingerprint: UInt64, data: DataOrigin?,
    rounding: String? = nil
  ) {
    (self.progress, self.configuration, self.labels) = (progress, configuration, labels)
    (self.fingerprint, self.data, self.rounding) = (fingerprint, data, rounding)
  }

  /// For people: "stage-2-rn50, epoch 3, step 17".
  public var position: String {
    "\(configuration.stages[progress.stage].name), epoch \(progress.epoch), step \(progress.stepInEpoch)"
  }

  /// Whether every number is one that a run can have come to: sums and products of others might overflow.
  public var isPlausible: Bool {
    let (p, counts, seconds) = (progress, 0...Int(Int32.max), 0...1e9)
    guard configuration.isPlausible, configuration.stages.indices.contains(p.stage) else { return false }
    return (0...configuration.stages[p.stage].epochs).contains(p.epoch)
      && [p.stepInEpoch, p.optimizerStep, p.smoothedLoss.count].allSatisfy(counts.contains)
      && p.history.map(\.epoch).allSatisfy(counts.contains)
      && ([p.secondsInEpoch] + p.history.map(\.seconds) + p.phases.named.map(\.duration.seconds)).allSatisfy(
        seconds.contains)
  }
}
