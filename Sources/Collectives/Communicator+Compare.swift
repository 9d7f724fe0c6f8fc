import CCollectives

/// Other ways to the same sums, to compare with.
extension Communicator {
  /// Lets all operations from now on go by messages, as among hosts. Every rank calls it at the same point.
  public func sendMessages() { unsafe pd_use_messages(handle, 1) }

  /// Runs `body` with all operations by messages, as among hosts. Every rank calls it at the same point.
  public func byMessages<R>(_ body: () throws -> R) rethrows -> R {
    let shared = sharesMemory
    unsafe pd_use_messages(handle, 1)
    defer { if shared { unsafe pd_use_messages(handle, 0) } }
    return try body()
  }

  /// As ``allReduce(_:)``, by `MPI_Allreduce`, which waits for ever for a rank that does not come. Only among processes.
  public func mpiAllReduce(_ values: UnsafeMutableBufferPointer<Float>) throws(CommunicationError) {
    guard let start = values.baseAddress else { return }
    try unsafe check("MPI_Allreduce", pd_mpi_reference_sum(handle, start, values.count))
  }
}
