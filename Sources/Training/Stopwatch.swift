import Collectives
import Compute
public import Runs

/// Says where a rank's time goes, by phase, and how much of it is waiting for other ranks.
public final class Stopwatch {
  public var phases = Phases()
  /// Of each phase, what this rank waited for others in it.
  public var waiting = Phases()
  private let communicator: Communicator
  /// What the phases took that an interrupted run had saved, whose waiting is not known.
  private var saved = Duration.zero
  /// What phases within the one that is timed took, and waited.
  private var inner = (time: Duration.zero, waiting: Duration.zero)

  init(_ communicator: Communicator) { self.communicator = communicator }

  /// Goes on from what an interrupted run had saved.
  func resume(_ phases: Phases) { (self.phases, saved) = (phases, phases.total) }

  /// Which part of the time of training steps this rank has waited for others.
  var waitingShare: Double { waiting.total.seconds / max(1e-9, (phases.total - saved).seconds) }

  /// Runs `body` and adds its time to a phase, but for what phases within it take.
  func time<R>(_ phase: WritableKeyPath<Phases, Duration>, _ body: () throws -> R) rethrows -> R {
    let (start, waited, outer) = (ContinuousClock.now, communicator.waited, inner)
    inner = (.zero, .zero)
    defer {
      let spent = (time: ContinuousClock.now - start, waiting: communicator.waited - waited)
      phases[keyPath: phase] += spent.time - inner.time
      waiting[keyPath: phase] += spent.waiting - inner.waiting
      inner = (outer.time + spent.time, outer.waiting + spent.waiting)
    }
    return try body()
  }
}
