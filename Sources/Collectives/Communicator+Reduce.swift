import CCollectives

extension Communicator {
  /// Replaces `values` by their sum over the ranks, elementwise: with the ring of `ring.c`, or of few
  /// numbers, where ranks of a host share memory, with `small.c`.
  ///
  /// The result is the same to the bit on every rank, and from run to run with as many ranks on as many hosts. Any length
  /// that is the same on all ranks, also 0; any part of a larger array, whose neighbours stay untouched. Nothing is
  /// allocated.
  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>) throws(CommunicationError) {
    try unsafe check("all-reduce", pd_sum_float(handle, values.baseAddress, values.count))
  }

  /// As for `Float`.
  public func allReduce(_ values: UnsafeMutableBufferPointer<Double>) throws(CommunicationError) {
    try unsafe check("all-reduce", pd_sum_double(handle, values.baseAddress, values.count))
  }

  /// The sum over the ranks of a few numbers each.
  public func sum(_ values: [Double]) throws(CommunicationError) -> [Double] {
    var values = values
    try unsafe values.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in try unsafe allReduce(buffer)
    }
    return values
  }
}
