import CCollectives
import Foundation

extension Communicator {
  /// Joins the job that a launcher started (without one, a job of this process alone, without MPI), runs `body`, and leaves it. Once a process.
  ///
  /// If `body` throws on any rank, the whole job ends within seconds, by `MPI_Abort`: the other ranks may be waiting
  /// for this one in an operation it will never come to. `mpirun` exits with this rank's exit code.
  ///
  /// Only one rank reports: `onFailure` is called where the error arose, and ranks that only know that another failed keep
  /// silent. A ``SharedError``, which all ranks throw, is reported by rank 0.
  ///
  /// - Parameters:
  ///   - timeout: how long any single wait for a peer may take.
  ///   - joinTimeout: how long the ranks may take to find each other.
  ///   - heartbeat: how long a rank may give no sign of life; nil: they give none.
  ///   - onFailure: given the error, rank and size, tells the user, and returns the exit code, not 0.
  ///   - onWarning: tells the user, on rank 0; called on any thread.
  /// - Returns: what `body` returned. Does not return after a failure.
  public static func withJob<R>(
    timeout: Duration, joinTimeout: Duration, heartbeat: Duration? = nil,
    onFailure: @escaping @Sendable (_ error: any Error, _ rank: Int, _ size: Int) -> Int32,
    onWarning: @escaping @Sendable (CommunicationWarning) -> Void = { _ in },
    _ body: (Communicator) throws -> R
  ) -> R {
    let launcher = Launcher.current
    let limit = JoinLimit(joinTimeout) { onFailure($0, launcher.rank, launcher.size?.ranks ?? 1) }
    let seconds = timeout / .seconds(1)
    // Alone, MPI would start a daemon of its own, and ask for ssh, a home folder and room in /tmp.
    let opened = unsafe launcher.isPresent ? pd_mpi_open(seconds) : pd_alone_open(seconds)
    limit.end()
    guard let handle = unsafe opened else {
      exit(onFailure(CommunicationError.notJoined(reason: "no memory"), 0, 1))
    }
    let communicator = unsafe Communicator(handle, timeout: timeout)
    if unsafe Int(pd_failure(handle)) != PD_OK {
      unsafe exit(onFailure(CommunicationError.notJoined(reason: String(cString: pd_failure_text(handle))), 0, 1))
    }
    // Started by one MPI's launcher, a program linked with another's library finds itself alone, N times over.
    if let launched = launcher.size, launched.ranks > 1, communicator.size == 1 {
      guard launcher.rank == 0 else { exit(EX_SOFTWARE) }
      let reason = "\(launched.variable) is \(launched.ranks), but MPI sees one process"
      exit(onFailure(CommunicationError.notJoined(reason: reason), 0, 1))
    }
    if communicator.placeHere == 0 { Leftovers.sweep(host: communicator.hostName) }
    do {
      try communicator.gatherHostNames()
      if let heartbeat, communicator.size > 1 {
        try Heartbeat.begin(
          communicator, limit: heartbeat,
          onFailure: { [rank = communicator.rank, size = communicator.size] in onFailure($0, rank, size) },
          onWarning: onWarning)
      }
      let result = try body(communicator)
      if launcher.isPresent { try unsafe communicator.check("end of job", pd_mpi_leave(handle)) }
      return result
    } catch {
      communicator.end(error, onFailure)
    }
  }

  private func end(_ error: any Error, _ onFailure: (_ error: any Error, _ rank: Int, _ size: Int) -> Int32) -> Never {
    if size == 1 {
      // Nobody waits, so the job may end in good order, without the notice that MPI_Abort prints.
      let code = onFailure(error, rank, size)
      if Launcher.current.isPresent { _ = unsafe pd_mpi_leave(handle) }
      exit(code)
    }
    Thread.sleep(forTimeInterval: secondsForOthers(toReport: error))
    let code = onFailure(error, rank, size)
    fflush(nil)
    pd_mpi_abort(code)
  }

  /// Longer than mpirun takes to end the ranks of all hosts after one has reported: it tells them first, and kills them after
  /// its `odls_base_sigkill_timeout`, of five seconds in launch/env.sh, on every host.
  static let secondsToBeEnded = 12.0

  /// How long this rank waits for another one to report the error, and to end the job and this process with it: not at
  /// all where it alone has the cause. The wait ends, because the rank that should report may be dead.
  private func secondsForOthers(toReport error: any Error) -> Double {
    switch error {
    case is any SharedError, CommunicationError.different, CommunicationError.notShared:
      rank == 0 ? 0 : Self.secondsToBeEnded
    case CommunicationError.rankFailed, CommunicationError.abandoned: Self.secondsToBeEnded
    // Ranks that miss the same peer cannot tell each other so: they take turns, and the first ends the job before the
    // next one's turn. Ranks from 4 on wait equally long.
    case CommunicationError.timedOut, CommunicationError.mismatched, CommunicationError.library:
      0.5 * Double(min(rank, 4))
    default: 0
    }
  }
}

/// An error that all ranks throw at the same point, because they decided on values they share. Rank 0 reports it.
///
/// What some ranks may find and others not belongs in ``Communicator/agree(_:)``, which makes the lowest of them report it.
public protocol SharedError: Error {}
