import Foundation
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
  case note(TrainingNote)
  /// A stage is trained, and saved at `path`. `images` is how many were trained on, repeated ones counted again.
  case stageDone(Configuration.Stage, path: String, phases: Phases, images: Int)
}

/// What is worth a line between the table's rows.
public enum TrainingNote: CustomStringConvertible, Equatable {
  /// The model at `path` was trained on `seen` of the `valid` images to validate with, because its run split otherwise.
  case sawValidation(path: String, seen: Int, valid: Int, validPct: Double, splitSeed: UInt32)
  /// What was trained is worse than a prediction that looks at no image.
  case belowBaseline(fbeta: Double, baseline: String)
  /// Saving failed after another error.
  case lost(reason: String)
  /// The run is resumed on kernels that round otherwise.
  case roundsOtherwise(now: String, before: String)
  /// Ranks of one host send gradients as messages.
  case sharesTooLittle(reason: String)
  /// Early stopping, after `epoch`.
  case stoppedEarly(epoch: Int)
  /// The stage ends with the best epoch's weights.
  case keptBest(epoch: Int)

  public var description: String {
    switch self {
    case .sawValidation(let path, let seen, let valid, _, _):
      "warning: \(path) was trained on \(seen) of the \(valid) images to validate with, which flatters the results."
    case .belowBaseline(let fbeta, let baseline):
      "warning: fbeta \(String(format: "%.6f", fbeta)) is lower than without a network: \(baseline)."
    case .lost(let reason): reason
    case .roundsOtherwise(let now, let before):
      "warning: this run was computed with \(before), and goes on with \(now): it ends with other bits than uninterrupted."
    case .sharesTooLittle(let reason):
      "warning: ranks cannot share memory for the weights (\(reason)), and send gradients as messages, which is slower"
    case .stoppedEarly(let epoch): "stopped after epoch \(epoch): fbeta no longer grows"
    case .keptBest(let epoch): "kept the weights of epoch \(epoch), whose fbeta was the highest"
    }
  }
}
