public import Collectives
public import ResNet

/// Why training cannot go on. All ranks find it, at the same point.
public enum TrainingError: SharedError, Equatable, CustomStringConvertible {
  /// The loss, or a weight, became infinite or not a number.
  case notFinite(step: Int)
  /// The loss is a number, but so large that the network is ruined.
  case diverged(stage: String, epoch: Int, loss: Double)
  /// The ranks' networks differ, which only a broken host, network or program can bring about.
  case replicasDiffer(what: String, ranks: [Int])
  /// Ranks are in different steps, which only a bug can bring about.
  case outOfStep(Int)
  /// No pretrained weights where torchvision would have put them.
  case noPretrained(Architecture, folder: String)

  public var description: String {
    switch self {
    case .notFinite(let step):
      "training: loss or weights are no longer finite numbers at step \(step)."
    case .diverged(let stage, let epoch, let loss):
      "training: the loss ran away, to \(loss) after epoch \(epoch) of \(stage), where one that knows nothing has 0.7."
    case .replicasDiffer(let what, let ranks):
      "\(what): not the same on rank \(ranks.map(String.init).joined(separator: ", ")) as on the other ranks. Replicas must never differ: suspect that host's memory or network."
    case .outOfStep(let step):
      "training: not all ranks are in step \(step)."
    case .noPretrained(let arch, let folder):
      "pretrained weights: no \(arch)-*.pth in \(folder)."
    }
  }
}
