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
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in [SIGUSR1, SIGTERM, SIGINT] {
      sigaddset(&mask, number)
      signal(number) { number in
        if StopSignals.urgent(StopSignals.received.exchange(number, ordering: .relaxed)), StopSignals.urgent(number) {
          _exit(128 + number)
        }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)  // launchers may hand down a mask
  }

  private static func urgent(_ number: Int32) -> Bool { number == SIGTERM || number == SIGINT }

  /// Whether a signal has come.
  public static var isSet: Bool { received.load(ordering: .relaxed) != 0 }
}
