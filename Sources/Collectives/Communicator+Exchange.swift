import CCollectives

extension Communicator {
  /// Returns once every rank has called it.
  public func barrier() throws(CommunicationError) {
    try unsafe check("barrier", pd_barrier(handle))
  }

  /// Copies `bytes` of rank `root` to every rank. The count is the same on all ranks.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int = 0) throws(CommunicationError) {
    precondition((0..<size).contains(root), "rank \(root) of \(size)")
    try unsafe check("broadcast", pd_broadcast(handle, bytes.baseAddress, bytes.count, Int32(root)))
  }

  /// Rank `root`'s bytes, on every rank; only `root` need know how many there are. Others' argument is ignored.
  public func broadcast(_ bytes: [UInt8], from root: Int = 0) throws(CommunicationError) -> [UInt8] {
    var count = bytes.count
    try unsafe withUnsafeMutableBytes(of: &count) { buffer throws(CommunicationError) in
      try unsafe broadcast(buffer, from: root)
    }
    var bytes = rank == root ? bytes : [UInt8](repeating: 0, count: count)
    let code = unsafe bytes.withUnsafeMutableBytes {
      unsafe pd_broadcast(handle, $0.baseAddress, $0.count, Int32(root))
    }
    try check("broadcast", code)
    return bytes
  }

  /// Every rank's `value`, in rank order, on every rank. For a few bytes: counts, hashes.
  public func allGather<T: BitwiseCopyable>(_ value: T) throws(CommunicationError) -> [T] {
    var values = [T](repeating: value, count: size)
    let code = unsafe values.withUnsafeMutableBytes {
      unsafe pd_all_gather(handle, $0.baseAddress, MemoryLayout<T>.stride)
    }
    try check("all-gather", code)
    return values
  }

  /// Every rank's bytes, in rank order, on rank 0; `nil` on the others. Lengths may differ, and be 0.
  public func gather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]]? {
    let counts = try allGather(bytes.count)
    var gathered = [UInt8](repeating: 0, count: rank == 0 ? counts.reduce(0, +) : 0)
    let code = unsafe gathered.withUnsafeMutableBytes { unsafe pd_gather(handle, bytes, counts, $0.baseAddress) }
    try check("gather", code)
    guard rank == 0 else { return nil }
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(gathered[start..<start + count])
    }
  }
}
