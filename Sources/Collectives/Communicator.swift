import CCollectives

/// One rank's connection to the others of its job: the operations in which all ranks take part.
///
/// Every rank calls the same operations in the same order. Each returns when this rank's part is done, or throws within
/// the timeout; after an error every further operation throws the same.
///
/// Ranks are processes of an `mpirun` job (``withJob(timeout:joinTimeout:heartbeat:onFailure:onWarning:_:)``), or threads of this process, for tests
/// (``threads(_:ranksPerHost:timeout:)``); the code between is the same.
///
/// It is `Sendable` because its users promise that one thread at a time uses it; with processes, the one that joined.
@safe public final class Communicator: @unchecked Sendable {
  /// This rank, in `0..<size`.
  public let rank: Int
  /// How many ranks there are, at least 1.
  public let size: Int
  /// How long any single wait for a peer may take.
  public let timeout: Duration

  /// The name of each rank's host, once ``gatherHostNames()`` has been called.
  public private(set) var hostNames: [String] = []

  let handle: OpaquePointer

  init(_ handle: OpaquePointer, timeout: Duration) {
    unsafe self.handle = handle
    self.timeout = timeout
    rank = unsafe Int(pd_rank(handle))
    size = unsafe Int(pd_size(handle))
  }

  deinit { unsafe pd_close(handle) }

  /// The name of the host this rank runs on.
  public var hostName: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      guard let start = name.baseAddress else { return "" }
      unsafe pd_host_name(start, name.count)
      return unsafe String(cString: start)
    }
  }

  /// Tells every rank the names of all hosts. Collective.
  func gatherHostNames() throws(CommunicationError) {
    let gathered = try gather(Array(hostName.utf8)) ?? []
    let names = try broadcast(Array(gathered.joined(separator: [0])))
    hostNames = names.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What people call a rank: "rank 3", and in a job of several hosts "rank 3 (node2)".
  public func name(of rank: Int) -> String {
    hosts > 1 && hostNames.indices.contains(rank) ? "rank \(rank) (\(hostNames[rank]))" : "rank \(rank)"
  }

  /// Sums of so many bytes and less go through mailboxes where ranks share memory.
  public static var smallBytes: Int { pd_small_bytes() }

  /// Whether the ranks of each host share memory.
  public var sharesMemory: Bool { unsafe pd_shares_memory(handle) != 0 }

  /// Why the ranks of a host cannot share memory, so that they send messages, which is slower; nil if they can.
  public var sharingProblem: String? {
    let problem = unsafe String(cString: pd_sharing_problem(handle))
    return problem.isEmpty ? nil : problem
  }

  /// Lets all operations go by messages, in segments of at most so many bytes, so that tests cross the boundaries between
  /// these with small arrays; the same on every rank.
  package func useMessages(inSegmentsOf bytes: Int) {
    unsafe pd_use_messages(handle, 1)
    unsafe precondition(pd_set_segment(handle, bytes) == PD_OK, "no memory for segments of \(bytes) bytes")
  }

  /// Makes a Swift error of a C failure.
  func check(_ operation: String, _ code: Int32) throws(CommunicationError) {
    let peer = unsafe Int(pd_failure_peer(handle))
    let text = unsafe String(cString: pd_failure_text(handle))
    switch Int(code) {
    case PD_OK: return
    case PD_TIMED_OUT:
      throw .timedOut(
        operation: operation, rank: rank, peer: peer, name: name(of: peer), seconds: timeout / .seconds(1))
    case PD_MISMATCHED: throw .mismatched(operation: operation, rank: rank, peer: peer, detail: text)
    case PD_ABANDONED: throw .abandoned(operation: operation, rank: rank, peer: peer)
    default: throw .library(operation: operation, rank: rank, reason: text)
    }
  }
}
