import CKernels

/// A grid of rectangles, one for each of several threads.
struct Grid: Equatable {
  /// Parts of the rows.
  let down: Int
  /// Parts of the columns.
  let across: Int

  /// Rows, cut at multiples of `unit`, and columns of a rectangle; nil if it has none.
  func rectangle(_ number: Int, rows: Int, unit: Int = 1, columns: Int) -> (rows: Range<Int>, columns: Range<Int>)? {
    let (column, line, units) = (number % across, number / across, (rows + unit - 1) / unit)
    let low = min(rows, units * line / down * unit)
    let high = min(rows, units * (line + 1) / down * unit)
    let columns = columns * column / across..<columns * (column + 1) / across
    return low < high && !columns.isEmpty ? (low..<high, columns) : nil
  }
}

/// What threads share: rows that are multiplied with panels of outputs.
struct Product {
  let rows: RowUnits
  /// Rows of the result that belong to a unit, about.
  let rowsPerUnit: Int
  let panels: Int
  /// Outputs of a panel.
  let width: Int
  /// Rows of the register tile.
  let height: Int

  /// Preparing a row (gathering, normalizing, Winograd's values) takes about as long as multiplying it with so many outputs.
  static let preparing = 8

  /// The grid whose largest rectangle takes the least time; of equally good ones that with the fewest parts of the panels,
  /// since threads that share rows all prepare them.
  func grid(threads: Int) -> Grid {
    var best: (time: Int, grid: Grid)?
    for across in 1...threads where threads % across == 0 {
      let grid = Grid(down: threads / across, across: across)
      let units = (rows.count + grid.down - 1) / grid.down
      let columns = (panels + across - 1) / across * width
      let time = padded(units * rowsPerUnit) * (columns + Self.preparing)
      if best.map({ time < $0.time }) ?? true { best = (time, grid) }
    }
    return best?.grid ?? Grid(down: threads, across: 1)
  }

  /// A thread's rows and panels; nil if it has nothing to do.
  func share(_ part: Int, of grid: Grid) -> (rows: Range<Int>, panels: Range<Int>)? {
    grid.rectangle(part, rows: rows.count, columns: panels).map { (rows.rows($0.rows), $0.columns) }
  }

  /// So many rows as the kernel multiplies them: whole tiles.
  func padded(_ rows: Int) -> Int { (rows + height - 1) / height * height }
}

/// Where rows may be cut between threads.
struct RowUnits {
  let count: Int
  private let start: (Int) -> Int

  func rows(_ units: Range<Int>) -> Range<Int> { start(units.lowerBound)..<start(units.upperBound) }

  /// Of a tensor: anywhere at cache lines; for a pass that sums, between pieces, so that no two threads add to one.
  init(_ shape: Shape, sums: Bool) {
    if sums {
      count = shape.images * shape.pieces
      start = { $0 / shape.pieces * shape.height * shape.width + $0 % shape.pieces * Int(PD_PIECE) }
    } else {
      count = (shape.rows + Threads.rowUnit - 1) / Threads.rowUnit
      start = { min(shape.rows, $0 * Threads.rowUnit) }
    }
  }

  /// Between images of so many rows.
  init(images: Int, of rows: Int) {
    count = images
    start = { $0 * rows }
  }

  /// Between Winograd's tiles; for a pass that sums, between pieces.
  init(_ tiles: pd_tiles, sums: Bool) {
    if sums {
      let pieces = pd_pieces(Int(tiles.height) * Int(tiles.width))
      count = Int(tiles.images) * pieces
      start = { $0 / pieces * tiles.perImage + $0 % pieces * Int(PD_PIECE) / 16 }
    } else {
      count = tiles.count
      start = { $0 }
    }
  }
}

extension Threads {
  /// Runs `body` for each thread that has a share of a product, with its rows and panels.
  func split(_ product: Product, _ body: (_ part: Int, _ rows: Range<Int>, _ panels: Range<Int>) -> Void) {
    let grid = product.grid(threads: count)
    run { part in
      if let share = product.share(part, of: grid) { body(part, share.rows, share.panels) }
    }
  }
}

extension Engine {
  /// A pass that threads do to their own rows in place. Where several have the same rows it is done before, here, and nothing
  /// is left to do.
  func runAlone(_ pass: RowPass?, on output: Tensor, _ product: Product) -> RowPass? {
    guard let pass, product.grid(threads: threads.count).across > 1 else { return pass }
    run(pass, on: output)
    return nil
  }
}
