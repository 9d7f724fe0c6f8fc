import Foundation
import Synchronization

/// Whether the user, the scheduler or mpirun asked this process to stop: SIGUSR1, SIGTERM, SIGHUP or SIGINT.
///
/// While there is nothing to save, a signal ends the process at once, with exit code 75. From ``saveFirst()`` on it asks
/// for a stop at the next step, however many come; only a SIGINT more than a second after the first one, by which a
/// person insists, ends the process at once.
public enum StopSignals {
  public static let all = [SIGUSR1, SIGTERM, SIGHUP, SIGINT]

  private static let received = Atomic<Bool>(false)
  private static let savesFirst = Atomic<Bool>(false)
  /// When the first SIGINT came, in nanoseconds; 0 before.
  private static let firstInterrupt = Atomic<Int64>(0)
  /// Signals, as bits, that end this process without a word.
  private static let silent = Atomic<UInt64>(0)

  /// Starts listening: first of all, so that no signal comes too early.
  ///
  /// - Parameter silent: signals after which another process tells the user.
  public static func listen(silent: [Int32] = []) {
    // A handler must not be the first to touch these.
    received.store(false, ordering: .relaxed)
    savesFirst.store(false, ordering: .relaxed)
    firstInterrupt.store(0, ordering: .relaxed)
    self.silent.store(silent.reduce(0) { $0 | 1 << UInt64($1) }, ordering: .relaxed)
    handle(all) { StopSignals.arrived($0) }
  }

  /// Makes the system call `handler` for signals, on any thread; it may do only what signal-safety(7) lists. A SIGHUP that
  /// `nohup` had ignored stays so.
  public static func handle(_ signals: [Int32], _ handler: @escaping @convention(c) (Int32) -> Void) {
    var mask = sigset_t()
    unsafe sigemptyset(&mask)
    for number in signals where number != SIGHUP || !isIgnored(number) {
      unsafe sigaddset(&mask, number)
      signal(number, handler)  // `signal` lets interrupted system calls go on.
    }
    unsafe pthread_sigmask(SIG_UNBLOCK, &mask, nil)  // A launcher may have started this process with a mask.
  }

  /// From now on there is something to save.
  public static func saveFirst() { savesFirst.store(true, ordering: .relaxed) }

  /// Whether a signal has come.
  public static var isSet: Bool { received.load(ordering: .relaxed) }

  private static func arrived(_ number: Int32) {
    guard savesFirst.load(ordering: .relaxed) else {
      if silent.load(ordering: .relaxed) & 1 << UInt64(number) == 0 {
        let line: StaticString = "stopped by a signal; there was nothing to save yet\n"
        unsafe write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
      }
      _exit(EX_TEMPFAIL)
    }
    received.store(true, ordering: .relaxed)
    if number == SIGINT, isSecondInterrupt() { _exit(128 + SIGINT) }
  }

  /// Whether this SIGINT comes more than a second after the first.
  public static func isSecondInterrupt() -> Bool {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    let (isFirst, first) = firstInterrupt.compareExchange(expected: 0, desired: now, ordering: .relaxed)
    return !isFirst && now - first > 1_000_000_000
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    return unsafe sigaction(number, nil, &action) == 0
      && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
