public import Collectives
public import Compute
import Inference
public import ResNet

/// One rank's view of the parameters that are trained, and how ranks update them together.
///
/// Ranks of one host have the parameters once, in memory they share, as whatever else is kept of their size. Each rank
/// writes a slice of its own: it sums that slice of all ranks' gradients, which it reads where they are, and updates it.
/// No message is sent, nothing is copied, and nobody makes the same update twice. Where ranks share no memory each has a
/// copy of everything, and makes all updates, from gradients that the ring has summed.
public final class Replica {
  public let parameters: Parameters
  let communicator: Communicator
  /// Where ranks share memory: the parameters, and behind them each rank's gradients.
  private let memory: SharedMemory?

  /// Zeros. Collective.
  public init(labels: Int, architecture: Architecture, among communicator: Communicator) throws {
    self.communicator = communicator
    var memory: SharedMemory?
    parameters = try Parameters(labels: labels, architecture: architecture) { count in
      memory = try SharedMemory(floats: count, arrays: 1 + communicator.size, among: communicator)
      return memory.map {
        unsafe Parameters.Place(values: $0.floats(), gradients: $0.floats(1 + communicator.rank), keeper: $0)
      }
    }
    self.memory = memory
  }

  /// Whether ranks have the parameters once.
  var isShared: Bool { memory != nil }

  /// As many zeros as there are parameters: one array for all ranks, where they share memory.
  func floats() throws -> OwnedFloats {
    let count = unsafe parameters.values.count
    guard isShared else { return OwnedFloats(count) }
    guard let memory = try SharedMemory(floats: count, among: communicator) else {
      throw CommunicationError.notShared(
        bytes: count * MemoryLayout<Float>.size, reason: communicator.sharingProblem ?? "none to be had")
    }
    return OwnedFloats(memory)
  }

  /// What this rank writes of `ranges` of the parameters: all, or where ranks share them, its part of about equal size.
  func own(_ ranges: [Range<Int>]) -> [Range<Int>] {
    guard isShared else { return ranges }
    let total = ranges.reduce(0) { $0 + $1.count }
    let (rank, size) = (communicator.rank, communicator.size)
    let part = total * rank / size..<total * (rank + 1) / size
    var before = 0
    return ranges.compactMap { range in
      defer { before += range.count }
      let own = part.clamped(to: before..<before + range.count)
      return own.isEmpty ? nil : own.lowerBound - before + range.lowerBound..<own.upperBound - before + range.lowerBound
    }
  }

  /// Waits for the other ranks where they share memory; then all see what each has written.
  func meet() throws { if isShared { try communicator.barrier() } }

  /// Lets every rank write its own part of what all see: after all have done with what was there, and before any reads.
  func write(_ body: (Range<Int>) -> Void) throws {
    try meet()
    unsafe own([parameters.values.indices]).forEach(body)
    try meet()
  }

  /// Sums the gradients in `ranges` over the ranks: in this rank's own part of them, or where no memory is shared
  /// everywhere.
  func sumGradients(_ ranges: [Range<Int>], engine: Engine) throws {
    guard let memory else {
      for range in ranges { try unsafe communicator.allReduce(.init(rebasing: parameters.gradients[range])) }
      return
    }
    try meet()
    for range in own(ranges) {
      memory.sum(1...communicator.size, range, into: 1 + communicator.rank, on: engine.threads)
    }
  }

  /// Gives every rank rank 0's weights and running statistics. Collective.
  public func broadcast() throws {
    guard isShared else { return try communicator.broadcast(parameters) }
    try meet()
    try unsafe communicator.broadcast(UnsafeMutableRawBufferPointer(parameters.runningStatistics))
  }
}

extension SharedMemory {
  /// As ``sum(_:_:into:)``, each thread a piece of `range`.
  public func sum(_ arrays: ClosedRange<Int>, _ range: Range<Int>, into array: Int, on threads: Threads) {
    threads.split(range.count, unit: Threads.vectorUnit) { _, piece in
      sum(arrays, range.lowerBound + piece.lowerBound..<range.lowerBound + piece.upperBound, into: array)
    }
  }
}

/// Floats with the memory they lie in.
@safe final class OwnedFloats {
  let values: UnsafeMutableBufferPointer<Float>
  /// Whether all ranks have the same memory.
  let isShared: Bool
  private let keeper: AnyObject

  /// Zeros in memory of this rank's own.
  init(_ count: Int) {
    let arena = Arena()
    unsafe values = UnsafeMutableBufferPointer(start: arena.allocate(count), count: count)
    (isShared, keeper) = (false, arena)
  }

  init(_ memory: SharedMemory) {
    unsafe values = memory.floats()
    (isShared, keeper) = (true, memory)
  }

  func named(_ name: String) -> NamedFloats { unsafe NamedFloats(name, values, isShared: isShared) }
}
