public import Recipes
public import Runs

/// What a training run tells the outside. Rank 0 alone tells; other ranks are silent.
public enum TrainingEvent {
  /// A stage begins, or goes on at `step`, of `stepsPerEpoch · stage.epochs`.
  case stageBegan(Configuration.Stage, step: Int, stepsPerEpoch: Int)
  case stepDone(StepRecord, stepsPerEpoch: Int)
  /// An epoch is trained and evaluated.
  case epochDone(HistoryRow)
  /// Something worth a line.
  case note(String)
  /// A stage is trained, and saved at `path`. `images` is how many were trained on, repeated ones counted again.
  case stageDone(Configuration.Stage, path: String, phases: Phases, images: Int)
}
