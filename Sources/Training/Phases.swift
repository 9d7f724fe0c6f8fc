import Compute

/// Where the time of training steps went.
public struct Phases: Sendable {
  /// Waiting for decoded images.
  public var data: Duration = .zero
  public var forward: Duration = .zero
  /// The loss, and agreeing on the step: in `--batch-norm local`, also waiting for the slowest rank.
  public var loss: Duration = .zero
  public var backward: Duration = .zero
  /// Averaging gradients over ranks, waiting for the slowest included.
  public var averaging: Duration = .zero
  public var optimizer: Duration = .zero

  public init() {}

  /// Each with its name.
  public var named: [(name: String, duration: Duration)] {
    [
      ("data", data), ("forward", forward), ("loss", loss), ("backward", backward), ("averaging", averaging),
      ("optimizer", optimizer),
    ]
  }

  /// All of it.
  public var total: Duration { data + forward + loss + backward + averaging + optimizer }

  /// Runs `body` and adds its time to `phase`.
  mutating func time<R>(_ phase: WritableKeyPath<Phases, Duration>, _ body: () throws -> R) rethrows -> R {
    let start = ContinuousClock.now
    defer { self[keyPath: phase] += ContinuousClock.now - start }
    return try body()
  }
}
