import Collectives
import Foundation
import Synchronization

/// The command that is supervised: one process at a time, and the signals for it.
enum Supervised {
  /// Its process; 0 while there is none.
  private static let process = Atomic<pid_t>(0)
  /// Whether a signal has come that asks it to stop.
  private static let stops = Atomic<Bool>(false)

  /// POSIX_SPAWN_SETSID, which Swift's Glibc leaves out.
  private static let newSession: Int16 = 0x80

  /// Whether a signal, or the end of its time, has asked it to stop.
  static var isAskedToStop: Bool { stops.load(ordering: .sequentiallyConsistent) }

  /// Starts listening to signals, and to the clock.
  static func listen(maxTime: Duration?) {
    process.store(0, ordering: .sequentiallyConsistent)  // a handler must not be the first to touch these
    stops.store(false, ordering: .sequentiallyConsistent)
    StopSignals.handle(StopSignals.all + [SIGALRM]) { Supervised.signalArrived($0) }
    guard let maxTime else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + maxTime / .seconds(1)) { signalArrived(SIGTERM) }
  }

  /// Runs it to its end and returns its exit code.
  static func run(_ command: [String]) -> Int32 {
    if isAskedToStop { return EX_TEMPFAIL }
    var id = pid_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // In a session of its own it does not hear the terminal's Ctrl-C, and still reads and writes there.
    unsafe posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGDEF))
    var defaults = sigset_t()
    unsafe sigemptyset(&defaults)
    unsafe sigaddset(&defaults, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { for i in unsafe arguments.indices { unsafe free(arguments[i]) } }
    let code = unsafe posix_spawnp(&id, command[0], nil, &attributes, &arguments, environ)
    guard code == 0 else {
      Console.complain("Error: \(command[0]): cannot be started: \(unsafe String(cString: strerror(code))).")
      return code == ENOENT ? 127 : 126  // as shells do
    }
    process.store(id, ordering: .sequentiallyConsistent)
    if stops.load(ordering: .sequentiallyConsistent) { kill(id, SIGUSR1) }
    return wait(for: id)
  }

  private static func wait(for id: pid_t) -> Int32 {
    var about = unsafe siginfo_t()
    while unsafe waitid(P_PID, id_t(id), &about, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    process.store(0, ordering: .sequentiallyConsistent)  // its number may soon be another's
    var status: Int32 = 0
    while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }

  static func signalArrived(_ number: Int32) {
    let insists = number == SIGALRM || number == SIGINT && StopSignals.isSecondInterrupt()
    stops.store(true, ordering: .sequentiallyConsistent)
    let id = process.load(ordering: .sequentiallyConsistent)
    guard id > 0 else { return }
    kill(id, insists ? SIGINT : SIGUSR1)
    // mpirun and the ranks end at once only by another SIGINT, more than a second after the first (StopSignals): the
    // alarm sends it after two.
    if insists { alarm(2) }
  }
}
