import CCollectives

/// Memory that the ranks of one host all see, which begins as zeros. It is gone when no rank uses it any more, however a
/// rank ends.
@safe public final class SharedMemory {
  /// The floats, and a few more behind them that may be read.
  public let floats: UnsafeMutableBufferPointer<Float>
  private let bytes: Int

  /// Collective: every rank asks for as many floats.
  ///
  /// - Returns: nil on all ranks where these share no memory, or cannot share so much
  ///   (``Communicator/sharingProblem``).
  public init?(floats count: Int, among communicator: Communicator) throws(CommunicationError) {
    bytes = count * MemoryLayout<Float>.stride + 64
    var memory: UnsafeMutableRawPointer?
    if communicator.size > 1 {
      try unsafe communicator.check("shared memory", pd_share_memory(communicator.handle, bytes, &memory))
    }
    let start = unsafe memory?.bindMemory(to: Float.self, capacity: count)
    unsafe floats = UnsafeMutableBufferPointer(start: start, count: unsafe start == nil ? 0 : count)
    if unsafe start == nil { return nil }
  }

  deinit {
    if let start = unsafe floats.baseAddress { unsafe pd_unshare_memory(start, bytes) }
  }
}

/// Writes to `sum` the elements `range` of the sum of several arrays, added in their order. `sum` may be one of them.
public func add(_ arrays: [UnsafePointer<Float>], _ range: Range<Int>, into sum: UnsafeMutablePointer<Float>) {
  unsafe pd_sum_arrays(arrays, Int32(arrays.count), range.lowerBound, range.upperBound, sum)
}
