#if canImport(Glibc)
  import Glibc
#endif

/// Owns memory that lives as long as itself: zeroed, page-aligned blocks, handed out once and freed together.
///
/// Pages become resident when first touched, so reserving for the largest batch costs nothing until one comes.
public final class Arena {
  private var blocks: [UnsafeMutableRawBufferPointer] = []

  public init() {}

  /// Bytes handed out so far, whether they were touched or not.
  package var bytes: Int { blocks.reduce(0) { $0 + $1.count } }

  deinit {
    for block in blocks { munmap(block.baseAddress, block.count) }
  }

  /// `count` elements of a trivial type, zero. A few bytes behind them may be read.
  public func allocate<T: BitwiseCopyable>(_ count: Int, of type: T.Type = Float.self) -> UnsafeMutablePointer<T> {
    let bytes = max(1, count) * MemoryLayout<T>.stride + 64
    guard
      let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      start != MAP_FAILED
    else { fatalError("no address space for \(bytes) bytes") }
    // Fewer page faults and TLB misses; refused harmlessly where the kernel has no huge pages.
    if bytes >= 1 << 22 { madvise(start, bytes, MADV_HUGEPAGE) }
    blocks.append(UnsafeMutableRawBufferPointer(start: start, count: bytes))
    return start.bindMemory(to: T.self, capacity: max(1, count))
  }

  /// A tensor of zeros.
  public func tensor(_ shape: Shape, _ precision: Precision = .fp32) -> Tensor {
    Tensor(allocate(shape.count * precision.bytes, of: UInt8.self), shape, precision)
  }
}
