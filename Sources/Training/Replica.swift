public import Collectives
public import Compute
import Inference
public import ResNet

/// One rank's view of the parameters that are trained, and what it does for all ranks of its host.
///
/// Ranks of one host have the parameters once, in memory they share, as whatever else is kept of their size. Each rank
/// writes a part of its own, so nothing is copied, and nobody makes the same update twice. Where ranks share no memory each
/// has a copy of everything, and makes all updates.
public final class Replica {
  public let parameters: Parameters
  let communicator: Communicator
  /// Where ranks share memory: each rank's gradients.
  private let gradients: SharedMemory?

  /// Zeros. Collective.
  public init(labels: Int, architecture: Architecture, among communicator: Communicator) throws {
    self.communicator = communicator
    var gradients: SharedMemory?
    parameters = try Parameters(labels: labels, architecture: architecture) { valueCount, gradientCount in
      let values = try SharedMemory(floats: valueCount, among: communicator)
      let all = try SharedMemory(floats: gradientCount, arrays: communicator.ranksHere, among: communicator)
      guard let values, let all else { return nil }
      gradients = all
      return unsafe Parameters.Place(
        values: values.floats(), gradients: all.floats(communicator.placeHere), keeper: [values, all] as AnyObject)
    }
    self.gradients = gradients
  }

  /// Whether the ranks of a host have the parameters once.
  var isShared: Bool { gradients != nil }

  /// As many zeros as there are parameters: one array for all ranks of a host, where they share memory.
  func floats() throws -> OwnedFloats {
    let count = unsafe parameters.values.count
    guard isShared else { return OwnedFloats(count) }
    guard let memory = try SharedMemory(floats: count, among: communicator) else {
      throw CommunicationError.notShared(
        bytes: count * MemoryLayout<Float>.size, reason: communicator.sharingProblem ?? "none to be had")
    }
    return OwnedFloats(memory)
  }

  /// What this rank writes of `count` numbers: all, or where ranks share them, its part of about equal size.
  func own(_ count: Int) -> Range<Int> {
    isShared ? part(communicator.placeHere, of: communicator.ranksHere, count) : 0..<count
  }

  /// The slices of these pieces that this rank sums and updates: one of all, where ranks share no memory.
  func slices(of pieces: [GradientBucket.Piece]) -> [(number: Int, pieces: [GradientBucket.Piece])] {
    guard isShared else { return [(0, pieces)] }
    let total = pieces.reduce(0) { $0 + $1.values.count }
    return communicator.ownSlices.map { number in
      let slice = part(number, of: communicator.slices, total)
      var before = 0
      let own = pieces.compactMap { piece -> GradientBucket.Piece? in
        let count = piece.values.count
        defer { before += count }
        let range = slice.clamped(to: before..<before + count)
        return range.isEmpty ? nil : piece.part(range.lowerBound - before..<range.upperBound - before)
      }
      return (number, own)
    }
  }

  private func part(_ number: Int, of parts: Int, _ count: Int) -> Range<Int> {
    count * number / parts..<count * (number + 1) / parts
  }

  /// Waits for the other ranks of this host where they share memory; then all see what each has written.
  func meet() throws { if isShared { try communicator.barrierHere() } }

  /// Lets every rank write its own part of what all see: after all have done with what was there, and before any reads.
  func write(_ body: (Range<Int>) -> Void) throws {
    try meet()
    body(own(unsafe parameters.values.count))
    try meet()
  }

  /// Writes the sum of the host's gradients in `range` to `sums`, from `place` on.
  func sumGradients(
    _ range: Range<Int>, into sums: UnsafeMutableBufferPointer<Float>, at place: Int, on threads: Threads
  ) {
    guard let gradients, let start = sums.baseAddress else { return }
    unsafe gradients.sum(range, into: start + place, on: threads)
  }

  /// Sums this rank's gradients with the other ranks', where they share no memory.
  func sumByMessages(_ pieces: [GradientBucket.Piece]) throws {
    for piece in pieces {
      let range = piece.gradients..<piece.gradients + piece.values.count
      try unsafe communicator.allReduce(.init(rebasing: parameters.gradients[range]))
    }
  }

  /// Gives every rank rank 0's weights and running statistics. Collective.
  public func broadcast() throws {
    if isShared && communicator.hosts == 1 {
      try meet()
      try unsafe communicator.broadcast(UnsafeMutableRawBufferPointer(parameters.runningStatistics))
    } else {
      try communicator.broadcast(parameters)
      try meet()
    }
  }
}

extension SharedMemory {
  /// As ``sum(_:into:)``, each thread a piece of `range`.
  public func sum(_ range: Range<Int>, into sum: UnsafeMutablePointer<Float>, on threads: Threads) {
    threads.split(range.count, unit: Threads.vectorUnit) { _, piece in
      unsafe self.sum(
        range.lowerBound + piece.lowerBound..<range.lowerBound + piece.upperBound, into: sum + piece.lowerBound)
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
