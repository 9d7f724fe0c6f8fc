import CCollectives
import Foundation

/// What is worth a warning while ranks work together. A rank that is merely slow is never ended.
public enum CommunicationWarning: CustomStringConvertible, Equatable, Sendable {
  /// Others have waited for it so many seconds.
  case late(rank: String, seconds: Double)
  /// Over a minute it waited for others this share of the time, and each of them for that one at least.
  case slow(rank: String, waited: Double, others: Double)

  public var description: String {
    switch self {
    case .late(let rank, let seconds):
      "warning: \(rank) keeps the others waiting, for \(Int(seconds)) s so far: it computes, reads, or hangs"
    case .slow(let rank, let waited, let others):
      """
      warning: \(rank) is slower than the others: in the last minute it waited \(Int(100 * waited)) % of the time, each of them \
      \(Int(100 * others)) % or more. Look for other programs on its cores, a limit of its processor time, a slow disk
      """
    }
  }
}

/// Hears, on a thread of the heartbeat's, of ranks that are silent, late or slow.
final class Heartbeat: Sendable {
  private let communicator: Communicator
  private let onFailure: @Sendable (any Error) -> Int32
  private let onWarning: @Sendable (CommunicationWarning) -> Void

  private init(
    _ communicator: Communicator, _ onFailure: @escaping @Sendable (any Error) -> Int32,
    _ onWarning: @escaping @Sendable (CommunicationWarning) -> Void
  ) {
    (self.communicator, self.onFailure, self.onWarning) = (communicator, onFailure, onWarning)
  }

  /// Lets all ranks of a job of processes give signs of life, until it ends. Collective. A rank that gives none for
  /// `limit` ends the job.
  static func begin(
    _ communicator: Communicator, limit: Duration, onFailure: @escaping @Sendable (any Error) -> Int32,
    onWarning: @escaping @Sendable (CommunicationWarning) -> Void
  ) throws(CommunicationError) {
    let heartbeat = Heartbeat(communicator, onFailure, onWarning)
    // It lives as long as the process: its thread may be about to call it.
    var listener = unsafe pd_listener(
      context: Unmanaged.passRetained(heartbeat).toOpaque(),
      silent: { context, ranks, count, seconds in
        let ranks = unsafe UnsafeBufferPointer(start: ranks, count: Int(count)).map { Int($0) }
        unsafe Heartbeat.of(context)?.fail(ranks, seconds)
      },
      late: { context, rank, seconds in
        guard let heartbeat = unsafe Heartbeat.of(context) else { return }
        heartbeat.onWarning(.late(rank: heartbeat.communicator.name(of: Int(rank)), seconds: seconds))
      },
      slow: { context, rank, waited, others in
        guard let heartbeat = unsafe Heartbeat.of(context) else { return }
        heartbeat.onWarning(.slow(rank: heartbeat.communicator.name(of: Int(rank)), waited: waited, others: others))
      })
    try unsafe communicator.check(
      "heartbeat", pd_begin_heartbeat(communicator.handle, limit / .seconds(1), &listener))
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Heartbeat? {
    unsafe context.map { unsafe Unmanaged<Heartbeat>.fromOpaque($0).takeUnretainedValue() }
  }

  private func fail(_ ranks: [Int], _ seconds: Double) {
    // Told to stop, by mpirun perhaps, because a rank has failed and said why: it is silent since, and this one ends soon.
    if StopSignals.isSet { Thread.sleep(forTimeInterval: Communicator.secondsToBeEnded) }
    let code = onFailure(CommunicationError.silent(ranks: ranks.map(communicator.name), seconds: seconds))
    fflush(nil)
    pd_mpi_abort(code)
  }
}
