public import Collectives
public import Compute
import Training

/// Times sums over the ranks: the way training takes, the ring by messages, and `MPI_Allreduce`, in turn.
public struct AllReduceBenchmark: Sendable {
  public struct Result: Codable, Sendable {
    /// How large the array is that is summed.
    public let bytes: Int
    /// Milliseconds, the median of the repetitions: of the way training takes, and which that is.
    public let milliseconds: Double
    public let way: String
    public let ringMilliseconds: Double
    public let mpiMilliseconds: Double
    /// Billions of the array's bytes a second, the way training takes.
    public let gigabytesPerSecond: Double
  }

  /// From a batch normalization's sums to a ResNet-50's gradients.
  public static let sizes = [4 << 10, 32 << 10, 256 << 10, 2 << 20, 16 << 20, 102_400_000]
  public var repetitions = 5

  public init() {}

  /// Collective. Only among processes.
  public func run(threads: Threads, _ communicator: Communicator, _ report: (Result) -> Void) throws {
    for bytes in Self.sizes {
      let count = bytes / MemoryLayout<Float>.stride
      let arena = Arena()
      let own = unsafe UnsafeMutableBufferPointer(start: arena.allocate(count, of: Float.self), count: count)
      let memory =
        bytes > Communicator.smallBytes
        ? try SharedMemory(floats: count, arrays: communicator.ranksHere, among: communicator) : nil
      let (size, slices) = (communicator.size, communicator.slices)
      let ways: [() throws -> Void] = [
        {
          guard let memory else { return try unsafe communicator.allReduce(own) }
          // As training does: nobody needs the whole sum, each updates its part.
          try communicator.barrierHere()
          for slice in communicator.ownSlices {
            let part = count * slice / slices..<count * (slice + 1) / slices
            let sum = unsafe UnsafeMutableBufferPointer(rebasing: memory.floats(communicator.placeHere)[part])
            guard let start = sum.baseAddress else { continue }
            unsafe memory.sum(part, into: start, on: threads)
            if communicator.hosts > 1 { try unsafe communicator.beginSum(slice: slice, sum) }
          }
          try communicator.finishSums()
          try communicator.barrierHere()
        },
        { try communicator.byMessages { try unsafe communicator.allReduce(own) } },
        { try unsafe communicator.mpiAllReduce(own) },
      ]
      let times = try medians(of: ways, communicator)
      let way = memory != nil ? "own parts" : communicator.sharesMemory && size > 1 ? "mailboxes" : "ring"
      report(
        Result(
          bytes: bytes, milliseconds: times[0], way: way, ringMilliseconds: times[1], mpiMilliseconds: times[2],
          gigabytesPerSecond: Double(bytes) / times[0] / 1e6))
    }
  }

  /// Milliseconds of each way, which are tried in turn; the first round is to warm up.
  private func medians(of ways: [() throws -> Void], _ communicator: Communicator) throws -> [Double] {
    var times = [[Double]](repeating: [], count: ways.count)
    for round in 0...repetitions {
      for (k, way) in ways.enumerated() {
        try communicator.barrier()
        let start = ContinuousClock.now
        try way()
        if round > 0 { times[k].append((ContinuousClock.now - start).seconds * 1e3) }
      }
    }
    return times.map { $0.sorted()[repetitions / 2] }
  }
}
