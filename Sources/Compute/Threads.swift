import CKernels

/// The threads one rank computes with. The only place where threads meet arithmetic.
///
/// Work is split by count alone, never by timing, so the same number of threads gives the same bits.
public struct Threads: Sendable {
  /// How many parts work is split into.
  public let count: Int

  /// Rows (pixels) are divided among threads at multiples of this. So many rows, of any number of channels, in fp32 as
  /// in bf16, end where a cache line ends: no two threads write to the same line.
  static let rowUnit = 32
  /// Floats of an array are divided among threads at multiples of this, a page of 4 KiB: only the end of the array may
  /// not fill a vector.
  public static let vectorUnit = 1024

  private let pool: Pool?

  public init(_ count: Int) {
    precondition(count > 0, "\(count) threads")
    self.count = count
    pool = count > 1 ? Pool(count) : nil
  }

  /// Of which only the number counts: how work is split can be asked, and it runs in the calling thread.
  public init(counting count: Int) {
    precondition(count > 0, "\(count) threads")
    (self.count, pool) = (count, nil)
  }

  /// How many there really are: fewer than ``count`` where the system gives no more.
  public var running: Int { pool?.threads ?? 1 }

  /// Runs `body(part)` for each part in `0..<count` and returns when all are done.
  public func run(_ body: (Int) -> Void) {
    if let pool { return pool.run { Self.flushing($0, body) } }
    for part in 0..<count { Self.flushing(part, body) }
  }

  /// Numbers too small to be normalized are zeros in here: a body of them would take many times as long.
  private static func flushing(_ part: Int, _ body: (Int) -> Void) {
    let before = pd_flush_denormals()
    body(part)
    pd_restore_denormals(before)
  }

  /// Splits `0..<total` into as many ranges as there are threads, at multiples of `unit`, and runs `body` on each that
  /// is not empty, with its thread's number.
  public func split(_ total: Int, unit: Int = 1, _ body: (Int, Range<Int>) -> Void) {
    split(total, unit: unit, by: 1) { part, range, _ in body(part, range) }
  }

  /// Splits a grid of `rows × columns` into as many rectangles as there are threads, and runs `body` on each that is
  /// not empty. Columns are cut into as many parts as possible: a divisor of the number of threads, and no more than
  /// there are columns. Rows are cut, at multiples of `unit`, so that each thread has one rectangle.
  ///
  /// - Parameter team: which of several ranks that share the work this is.
  func split(
    _ rows: Int, unit: Int = 1, by columns: Int, team: Team = .alone, _ body: (Int, Range<Int>, Range<Int>) -> Void
  ) {
    let workers = team.size * count
    let across = (1...workers).last { workers % $0 == 0 && $0 <= columns } ?? 1
    let grid = Grid(down: workers / across, across: across)
    run { part in
      let place = grid.rectangle(team.rank * count + part, rows: rows, unit: unit, columns: columns)
      if let place { body(part, place.rows, place.columns) }
    }
  }

  /// Ranks with as many threads each that do a piece of work together.
  public struct Team: Sendable {
    let rank: Int
    let size: Int
    public static let alone = Team(rank: 0, size: 1)

    public init(rank: Int, size: Int) { (self.rank, self.size) = (rank, size) }
  }

  /// The threads themselves (see Sources/CKernels/pool.c), which end with it. `Sendable`: its functions may be called by any
  /// thread.
  private final class Pool: @unchecked Sendable {
    private let pool: OpaquePointer

    /// Nil without memory for it.
    init?(_ count: Int) {
      guard let pool = pd_pool_create(Int32(count)) else { return nil }
      self.pool = pool
    }

    deinit { pd_pool_destroy(pool) }

    var threads: Int { Int(pd_pool_threads(pool)) }

    func run(_ body: (Int) -> Void) {
      withoutActuallyEscaping(body) { body in
        var loop = body
        withUnsafeMutablePointer(to: &loop) { loop in
          pd_pool_run(
            pool, { loop, part in loop.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(part)) }, loop)
        }
      }
    }
  }
}
