public import Recipes
public import Runs

/// What a training run tells the outside. Rank 0 alone calls it; other ranks are silent.
public protocol Reporter {
  /// A stage begins, or goes on at `step`, of `stepsPerEpoch · stage.epochs`.
  func stageBegan(_ stage: Configuration.Stage, step: Int, stepsPerEpoch: Int)
  /// A step is done.
  func stepDone(_ record: StepRecord, stepsPerEpoch: Int)
  /// An epoch is trained and evaluated.
  func epochDone(_ row: HistoryRow)
  /// Something worth a line.
  func note(_ text: String)
  /// A stage is trained and saved. `images` is how many were trained on, repeated ones counted again.
  func stageDone(_ stage: Configuration.Stage, path: String, phases: Phases, images: Int)
}

/// Several as one.
public struct Reporters: Reporter {
  private let all: [any Reporter]

  public init(_ all: [any Reporter]) { self.all = all }

  public func stageBegan(_ stage: Configuration.Stage, step: Int, stepsPerEpoch: Int) {
    for reporter in all { reporter.stageBegan(stage, step: step, stepsPerEpoch: stepsPerEpoch) }
  }
  public func stepDone(_ record: StepRecord, stepsPerEpoch: Int) {
    for reporter in all { reporter.stepDone(record, stepsPerEpoch: stepsPerEpoch) }
  }
  public func epochDone(_ row: HistoryRow) { for reporter in all { reporter.epochDone(row) } }
  public func note(_ text: String) { for reporter in all { reporter.note(text) } }
  public func stageDone(_ stage: Configuration.Stage, path: String, phases: Phases, images: Int) {
    for reporter in all { reporter.stageDone(stage, path: path, phases: phases, images: images) }
  }
}
