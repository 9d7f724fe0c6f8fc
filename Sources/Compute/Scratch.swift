/// Memory that all convolutions of a network use in turn: packed weights, what each thread works in, and sums of filters'
/// gradients that wait for others.
public final class Scratch {
  private(set) var panels: UnsafeMutableRawPointer
  private var work: UnsafeMutableRawPointer
  private var sums: UnsafeMutablePointer<Float>
  /// The most bytes that packed weights take.
  public private(set) var panelBytes = 0
  private var (threadBytes, sumFloats) = (0, 0)
  private let threads: Int
  private let depth: Int
  private let arena = Arena()

  /// The most parts into which a batch's images are cut.
  var parts: Int { 1 << depth }

  /// - Parameter parts: the most into which a batch's images are cut to be summed over: a power of two.
  public init(_ threads: Threads, parts: Int = 1) {
    self.threads = threads.count
    depth = parts.trailingZeroBitCount
    (panels, work) = (UnsafeMutableRawPointer(arena.allocate(0)), UnsafeMutableRawPointer(arena.allocate(0)))
    sums = arena.allocate(0)
  }

  /// Makes room for as much, while the network is built. What was there before is lost.
  ///
  /// - Parameter weights: floats of a gradient that is summed by parts.
  public func reserve(panels: Int = 0, perThread: Int = 0, weights: Int = 0) {
    if panels > panelBytes {
      panelBytes = panels
      self.panels = UnsafeMutableRawPointer(arena.allocate(panels, of: UInt8.self))
    }
    if perThread > threadBytes {
      threadBytes = (perThread + 63) / 64 * 64
      work = UnsafeMutableRawPointer(arena.allocate(threads * threadBytes, of: UInt8.self))
    }
    let floats = max(depth, weights <= GradientSplit.weightLimit ? parts : 0) * weights
    if floats > sumFloats {
      sumFloats = floats
      sums = arena.allocate(sumFloats)
    }
  }

  /// The memory of thread `part`.
  func thread(_ part: Int) -> UnsafeMutableRawPointer { work + part * threadBytes }

  /// Where sums over some of these parts wait.
  func waiting(_ parts: BatchParts) -> UnsafeMutablePointer<Float> {
    precondition(parts.depth <= depth, "\(parts.images.count) parts, memory for \(1 << depth)")
    return sums
  }
}
