/// Where the weights of a run's first stage come from.
public enum Start: Equatable, Sendable, CustomStringConvertible {
  /// A pretrained body under a new head.
  case pretrained(String)
  /// Random weights.
  case random
  /// A saved stage.
  case model(String)
  /// The state of an interrupted run.
  case resume

  public var description: String {
    switch self {
    case .pretrained(let path): "pretrained body \(path), new head"
    case .random: "random"
    case .model(let path): path
    case .resume: "those of the interrupted run"
    }
  }
}
