import CCollectives

/// Arrays that the ranks of one host all see. They begin as zeros, and are gone when no rank uses them any more, however a
/// rank ends.
@safe public final class SharedMemory {
  private let start: UnsafeMutablePointer<Float>
  private let bytes: Int
  private let count: Int
  private let arrays: Int
  /// Each array begins on a page of its own.
  private let stride: Int

  /// Collective: every rank of a host asks for the same.
  ///
  /// - Parameters:
  ///   - floats: of each array. A few more behind them may be read.
  ///   - arrays: how many.
  /// - Returns: nil on all ranks where these share no memory, or cannot share so much
  ///   (``Communicator/sharingProblem``).
  public init?(floats count: Int, arrays: Int = 1, among communicator: Communicator) throws(CommunicationError) {
    let page = 4096 / MemoryLayout<Float>.stride
    let stride = (count + 16 + page - 1) / page * page
    (self.count, self.arrays, self.stride) = (count, arrays, stride)
    bytes = arrays * stride * MemoryLayout<Float>.stride
    var memory: UnsafeMutableRawPointer?
    if communicator.size > 1 {
      try unsafe communicator.check("shared memory", pd_share_memory(communicator.handle, bytes, &memory))
    }
    guard let memory = unsafe memory else { return nil }
    unsafe start = memory.bindMemory(to: Float.self, capacity: arrays * stride)
  }

  deinit { unsafe pd_unshare_memory(start, bytes) }

  /// One of the arrays.
  public func floats(_ array: Int = 0) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(start: start + array * stride, count: count)
  }

  /// Writes the elements `range` of the sum over all arrays, a binary tree over them, to `sum`: which may be those elements
  /// of one of them.
  public func sum(_ range: Range<Int>, into sum: UnsafeMutablePointer<Float>) {
    let terms = unsafe (0..<arrays).map { unsafe UnsafePointer<Float>(start + $0 * stride) }
    unsafe pd_sum_arrays(terms, Int32(arrays), range.lowerBound, range.upperBound, sum)
  }
}
