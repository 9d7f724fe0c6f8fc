/// What a training run tells the outside. Rank 0 alone calls it; other ranks are silent.
public protocol Reporter {
  /// A stage begins, at `epoch` of `stage.epochs`.
  func stageBegan(_ stage: Configuration.Stage, epoch: Int)
  /// `step` of an epoch's `steps` is done; `loss` is the smoothed loss.
  func stepDone(epoch: Int, step: Int, steps: Int, loss: Double)
  /// An epoch is trained and evaluated.
  func epochDone(_ row: HistoryRow)
  /// A stage is trained and saved. `images` is how many were trained on since the stage began or resumed.
  func stageDone(_ stage: Configuration.Stage, path: String, phases: Phases, images: Int)
}
