import Foundation
import Synchronization

/// Whether the user, the scheduler or mpirun asked this process to stop: SIGUSR1, SIGTERM or SIGINT.
///
/// The first signal asks for a stop at the next step; a second SIGTERM or SIGINT ends the process at once.
public enum StopSignals {
  private static let received = Atomic<Int32>(0)

  /// Starts listening. Before MPI starts, so that no signal comes too early.
  public static func listen() {
    _ = received.load(ordering: .relaxed)  // a handler must not be the one to initialize it
    for number in [SIGUSR1, SIGTERM, SIGINT] {
      signal(number) { number in
        if StopSignals.received.exchange(number, ordering: .relaxed) != 0, number != SIGUSR1 { _exit(128 + number) }
      }
    }
  }

  /// Whether a signal has come.
  public static var isSet: Bool { received.load(ordering: .relaxed) != 0 }
}
