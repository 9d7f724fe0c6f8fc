import Compute

/// Where the time of a stage went.
public struct Phases: Codable, Equatable, Sendable {
  /// Waiting for decoded images.
  public var data: Duration = .zero
  public var forward: Duration = .zero
  /// The loss, and agreeing on the step: with the recipe's `batch_norm: local`, also waiting for the slowest rank.
  public var loss: Duration = .zero
  public var backward: Duration = .zero
  /// Averaging gradients over ranks, waiting for the slowest included.
  public var averaging: Duration = .zero
  public var optimizer: Duration = .zero
  /// Evaluating the validation images.
  public var validation: Duration = .zero

  public init() {}

  /// The phases of training steps, each with its name.
  public var training: [(name: String, duration: Duration)] {
    [
      ("data", data), ("forward", forward), ("loss", loss), ("backward", backward), ("averaging", averaging),
      ("optimizer", optimizer),
    ]
  }

  /// All, each with its name.
  public var named: [(name: String, duration: Duration)] { training + [("validation", validation)] }

  /// What training steps took.
  public var total: Duration { training.reduce(.zero) { $0 + $1.duration } }
}
