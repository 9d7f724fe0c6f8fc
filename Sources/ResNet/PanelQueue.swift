import Compute

/// Lets ranks that share memory pack weights together: each a part of the next convolution's, before they meet; in training
/// that is where they add up a normalization's sums anyway. After the meeting all parts are there.
///
/// Two buffers are enough. Whoever packs the convolution after next has passed the meeting before, to which every rank
/// came only after it had done with the convolution that used the same buffer.
///
///     convolve i, reading buffer 0 ─► pack i + 1 into buffer 1 ─► meet ─► convolve i + 1 ─► pack i + 2 into buffer 0 ─► meet
@safe final class PanelQueue {
  /// Memory that all ranks of the team see.
  @safe struct Shared {
    let buffers: [UnsafeMutableRawPointer]
    let team: Threads.Team
    /// Returns when all ranks have come.
    let meet: () throws -> Void
    let keeper: AnyObject
  }

  /// Nil where each rank packs for itself, just before it convolves.
  var shared: Shared?
  private var waiting: ArraySlice<ConvolutionNorm> = []
  private var direction = Convolver.Direction.forward
  private var turn = 0

  /// Begins with the convolutions of a pass, in the order in which they will be run. Before the first one forward, ranks
  /// have to meet; before the first one backward they will.
  func begin(_ all: [ConvolutionNorm], _ direction: Convolver.Direction) throws {
    guard shared != nil else { return }
    (waiting, self.direction) = (all[...], direction)
    if direction == .forward { try packNext(meeting: true) }
  }

  /// Packs this rank's part of the next convolution's weights, if there is one. Ranks must meet before ``current`` is read:
  /// here, with `meeting`, or soon.
  func packNext(meeting: Bool) throws {
    guard let shared, let next = waiting.popFirst() else { return }
    turn = 1 - turn
    unsafe next.pack(for: direction, into: shared.buffers[turn], team: shared.team)
    if meeting { try shared.meet() }
  }

  /// The weights that were packed last; nil where each rank packs for itself.
  var current: UnsafeRawPointer? { unsafe shared.map { unsafe UnsafeRawPointer($0.buffers[turn]) } }
}
