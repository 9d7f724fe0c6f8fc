import CCollectives

/// Where ranks run, and what those of a host do by themselves.
extension Communicator {
  /// How many hosts there are.
  public var hosts: Int { unsafe Int(pd_host_count(handle)) }
  /// How many ranks this host has. They are consecutive.
  public var ranksHere: Int { unsafe Int(pd_ranks_here(handle)) }
  /// Their numbers.
  public var hostRanks: Range<Int> { rank - placeHere..<rank - placeHere + ranksHere }
  /// This rank's place among them, in `0..<ranksHere`.
  public var placeHere: Int { unsafe Int(pd_place_here(handle)) }

  /// Into how many slices an array is cut to be summed between hosts: as many as the host with the most ranks has.
  public var slices: Int { unsafe Int(pd_slices(handle)) }
  /// The slices that this rank sums of those of its host.
  public var ownSlices: [Int] { (0..<slices).filter { unsafe pd_owns_slice(handle, Int32($0)) != 0 } }

  /// Returns once every rank of this host has called it, where these share memory.
  public func barrierHere() throws(CommunicationError) {
    try unsafe check("barrier", pd_barrier_here(handle))
  }

  /// Begins to sum an array over the hosts, in the background. Of each host the rank that owns the slice calls it, for all
  /// slices in the same order.
  ///
  /// - Parameter values: belong to the sum until it is finished.
  public func beginSum(slice: Int, _ values: UnsafeMutableBufferPointer<Float>) throws(CommunicationError) {
    guard let start = values.baseAddress else { return }
    try unsafe check("all-reduce", pd_begin_slice_sum(handle, Int32(slice), start, values.count))
  }

  /// Waits until the sums that this rank began are finished, but the last `pending`.
  public func finishSums(allBut pending: Int = 0) throws(CommunicationError) {
    try unsafe check("all-reduce", pd_finish_slice_sums(handle, pending))
  }

  /// How long this rank has waited for others.
  public var waited: Duration { unsafe .seconds(pd_waited(handle)) }
}
