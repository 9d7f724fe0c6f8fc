import Collectives
import Compute
import Recipes
import ResNet
import Runs

/// Averages gradients over the ranks and updates the weights by them, a bucket at a time, while backward goes on.
///
/// Ranks of a host meet when all have a bucket's gradients. Each sums a slice of its own and updates that slice of the
/// weights; when they have met again, the next bucket takes the memory. Backward needs none of these weights any more.
///
/// Among several hosts, the slices' sums go to the other hosts in the background, and the weights are updated after
/// backward. Where a network is so slow that ranks would wait for it then, it carries the last layers' sums after the
/// others: forward, which comes to these layers last, begins meanwhile. Such buckets are *deferred*.
///
/// Where ranks of a host share no memory, the bucket goes around the ring.
final class Averaging {
  /// A part of a bucket that this rank sums and updates.
  private struct Slice {
    let number: Int
    /// As in the memory for gradients.
    let pieces: [GradientBucket.Piece]
    /// As in the memory for sums.
    let summed: [GradientBucket.Piece]
    var count: Int { pieces.reduce(0) { $0 + $1.values.count } }
  }

  private let replica: Replica
  private let optimizer: any Optimizer
  private let stopwatch: Stopwatch
  private let engine: Engine
  /// Those of which something trains.
  private let buckets: [(layersDone: Int, slices: [Slice])]
  /// What the hosts sum; nil where a rank's gradients are the place for sums, too.
  private let sums: OwnedFloats?
  /// Whether the background may be writing to them.
  private var areBusy = false
  private var communicator: Communicator { replica.communicator }
  // Of the step that is under way.
  private var hyperparameters: Hyperparameters?
  private var (layersDone, bucketsDone) = (0, 0)
  /// How many buckets are deferred, counted from the head's; and of these, how many are still to be updated.
  private var (deferred, pending) = (0, 0)
  var deferral = Deferral()

  /// - Parameter frozen: whether only what trains in a frozen network is updated.
  init(_ replica: Replica, frozen: Bool, optimizer: any Optimizer, stopwatch: Stopwatch, engine: Engine) {
    (self.replica, self.optimizer, self.stopwatch, self.engine) = (replica, optimizer, stopwatch, engine)
    let isBetweenHosts = replica.isShared && replica.communicator.hosts > 1
    var place = 0
    buckets = replica.parameters.buckets.compactMap { bucket in
      let trained = bucket.pieces(frozen: frozen)
      guard !trained.isEmpty else { return nil }
      let slices = replica.slices(of: trained).filter { !$0.pieces.isEmpty }.map { number, pieces in
        let summed = pieces.map { piece in
          defer { place += piece.values.count }
          return GradientBucket.Piece(group: piece.group, values: piece.values, gradients: place)
        }
        return Slice(number: number, pieces: pieces, summed: isBetweenHosts ? summed : pieces)
      }
      return (bucket.layersDone, slices)
    }
    sums = isBetweenHosts ? OwnedFloats(place) : nil
  }

  deinit {
    // After a failure nobody knows when the background stops, and the process soon ends: the memory stays.
    if areBusy, let sums { _ = unsafe Unmanaged.passRetained(sums) }
  }

  /// Begins a step's backward.
  ///
  /// - Parameter deferring: how many buckets, counted from the head's; the same on every rank.
  func begin(_ hyperparameters: Hyperparameters, deferring: Int) {
    precondition(pending == 0, "\(pending) buckets of the step before")
    self.hyperparameters = hyperparameters
    optimizer.step += 1
    (layersDone, bucketsDone) = (0, 0)
    deferred = sums == nil ? 0 : min(deferring, buckets.count)
  }

  /// Backward has done another layer.
  func layerDone() throws {
    layersDone += 1
    guard bucketsDone < buckets.count, buckets[bucketsDone].layersDone == layersDone else { return }
    let slices = buckets[bucketsDone].slices
    bucketsDone += 1
    guard replica.isShared else {
      for slice in slices {
        try stopwatch.time(\.averaging) { try replica.sumByMessages(slice.pieces) }
        update(slice)
      }
      return
    }
    try stopwatch.time(\.averaging) {
      try replica.meet()
      slices.forEach(sum)
      if sums != nil && bucketsDone > deferred { try beginSums(slices) }
    }
    if sums == nil { slices.forEach(update) }
    try stopwatch.time(\.averaging) { try replica.meet() }
  }

  /// After backward: returns when the weights of all buckets that are not deferred are updated, and all ranks may read them.
  func finish() throws {
    guard sums != nil else { return }
    // Forward will need the last of them first.
    for bucket in (0..<deferred).reversed() {
      try stopwatch.time(\.averaging) { try beginSums(buckets[bucket].slices) }
    }
    pending = deferred
    try updateSummed(Array(deferred..<buckets.count), waited: \.afterBackward)
    if pending == 0 { deferral.adapt(most: buckets.count - 1) }
  }

  /// Returns when the weights of all layers are updated, but for the first `allBut`, counted from the head.
  func complete(allBut layers: Int = 0) throws {
    let needed = (0..<pending).reversed().prefix { buckets[$0].layersDone > layers }
    if needed.isEmpty { return }
    pending -= needed.count
    try updateSummed(Array(needed), waited: \.inForward)
    if pending == 0 { deferral.adapt(most: buckets.count - 1) }
  }

  /// Updates weights as the sums of these buckets, which were begun in this order, and before all others, are finished.
  private func updateSummed(_ numbers: [Int], waited: WritableKeyPath<Deferral, Duration>) throws {
    let start = communicator.waited
    var left = (numbers + Array(0..<pending)).reduce(0) { $0 + buckets[$1].slices.count }
    for slice in numbers.flatMap({ buckets[$0].slices }) {
      left -= 1
      try stopwatch.time(\.averaging) { try communicator.finishSums(allBut: left) }
      update(slice)
    }
    areBusy = left > 0
    deferral[keyPath: waited] += communicator.waited - start
    try stopwatch.time(\.averaging) { try replica.meet() }
  }

  private var target: UnsafeMutableBufferPointer<Float> { unsafe sums?.values ?? replica.parameters.gradients }

  /// Sums this host's gradients.
  private func sum(_ slice: Slice) {
    for (piece, summed) in zip(slice.pieces, slice.summed) {
      let range = piece.gradients..<piece.gradients + piece.values.count
      unsafe replica.sumGradients(range, into: target, at: summed.gradients, on: engine.threads)
    }
  }

  private func beginSums(_ slices: [Slice]) throws {
    areBusy = true
    for slice in slices {
      let first = slice.summed[0].gradients
      try unsafe communicator.beginSum(slice: slice.number, .init(rebasing: target[first..<first + slice.count]))
    }
  }

  private func update(_ slice: Slice) {
    guard let hyperparameters else { return }
    stopwatch.time(\.optimizer) { unsafe optimizer.update(slice.summed, by: target, hyperparameters) }
  }
}
