import CCollectives
import Foundation
import Synchronization

extension Communicator {
  /// A job of `count` ranks in this process, each to be used from a thread of its own, as if so many of them ran on each host,
  /// and the rest on the last; all on one where nil. For tests.
  public static func threads(
    _ count: Int, ranksPerHost: Int? = nil, timeout: Duration = .seconds(900)
  ) -> [Communicator] {
    precondition(count > 0, "a job of \(count) ranks")
    let (onHost, seconds) = (Int32(ranksPerHost ?? count), timeout / .seconds(1))
    let handles = unsafe [OpaquePointer](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let start = buffer.baseAddress, unsafe pd_threads_open(Int32(count), onHost, seconds, start) == 1
      else {
        return
      }
      initialized = count
    }
    unsafe precondition(handles.count == count, "no memory for \(count) ranks")
    return unsafe handles.map { unsafe Communicator($0, timeout: timeout) }
  }

  /// Runs `body` as every rank of a job of `count` threads; what each returned or threw, in rank order. For tests.
  ///
  /// A rank that throws takes the others with it, as in a job of processes: waiting for it, now or later, throws
  /// ``CommunicationError/abandoned(operation:rank:peer:)``.
  public static func onThreads<R: Sendable>(
    _ count: Int, ranksPerHost: Int? = nil, timeout: Duration = .seconds(900),
    _ body: @escaping @Sendable (Communicator) throws -> R
  ) -> [Result<R, any Error>] {
    let results = Results<R>()
    let group = DispatchGroup()
    for communicator in threads(count, ranksPerHost: ranksPerHost, timeout: timeout) {
      group.enter()
      Thread {
        let result = Result { try body(communicator) }
        if case .failure = result { unsafe pd_threads_abandon(communicator.handle) }
        results.byRank.withLock { $0[communicator.rank] = result }
        group.leave()
      }.start()
    }
    group.wait()
    return results.byRank.withLock { byRank in (0..<count).compactMap { byRank[$0] } }
  }

  private final class Results<R: Sendable>: Sendable {
    let byRank = Mutex<[Int: Result<R, any Error>]>([:])
  }
}
