/// Memory that all convolutions of a network use in turn: packed weights, and what each thread works in.
public final class Scratch {
  private(set) var panels: UnsafeMutableRawPointer
  private var work: UnsafeMutableRawPointer
  private var (panelBytes, threadBytes) = (0, 0)
  private let threads: Int
  private let arena = Arena()

  public init(_ threads: Threads) {
    self.threads = threads.count
    (panels, work) = (UnsafeMutableRawPointer(arena.allocate(0)), UnsafeMutableRawPointer(arena.allocate(0)))
  }

  /// Makes room for as much, while the network is built. What was there before is lost.
  func reserve(panels: Int, perThread: Int) {
    if panels > panelBytes {
      panelBytes = panels
      self.panels = UnsafeMutableRawPointer(arena.allocate(panels, of: UInt8.self))
    }
    if perThread > threadBytes {
      threadBytes = (perThread + 63) / 64 * 64
      work = UnsafeMutableRawPointer(arena.allocate(threads * threadBytes, of: UInt8.self))
    }
  }

  /// The memory of thread `part`.
  func thread(_ part: Int) -> UnsafeMutableRawPointer { work + part * threadBytes }
}
