/// How the threads of a rank share the gradient by a filter: each takes some inputs and some outputs, over the images of one
/// branch of the tree over the batch's parts.
struct GradientSplit: Equatable {
  /// Of the tree: each has threads and memory of its own, and then their sums are added.
  let branches: Int
  /// Of inputs and panels of outputs.
  let grid: Grid

  /// Weights of which every branch can have a sum of its own; with more there is work for all threads without.
  static let weightLimit = 1 << 17

  /// As many threads as possible have work, and then each reads as few values of x and dy as possible.
  ///
  /// - Parameters:
  ///   - rows: units of inputs.
  ///   - columns: panels of outputs, as wide as `width` rows.
  ///   - branches: the most there may be, a power of two.
  init(rows: Int, columns: Int, width: Double, threads: Int, branches: Int) {
    var best: (busy: Int, read: Double, split: GradientSplit)?
    for branches in sequence(first: 1, next: { $0 * 2 }).prefix(while: { $0 <= branches && threads % $0 == 0 }) {
      let workers = threads / branches
      for across in 1...workers where workers % across == 0 {
        let down = workers / across
        let busy = branches * min(across, columns) * min(down, rows)
        let read = (Double(rows) / Double(down) + Double(columns) * width / Double(across)) / Double(branches)
        if best.map({ (-busy, read) < (-$0.busy, $0.read) }) ?? true {
          best = (busy, read, GradientSplit(branches: branches, grid: Grid(down: down, across: across)))
        }
      }
    }
    self = best?.split ?? GradientSplit(branches: 1, grid: Grid(down: threads, across: 1))
  }

  private init(branches: Int, grid: Grid) { (self.branches, self.grid) = (branches, grid) }

  /// Of a thread: its branch of the tree, inputs (at multiples of `unit`) and panels; nil if it has nothing to do.
  func share(_ thread: Int, inputs: Int, unit: Int, panels: Int) -> (
    branch: Int, inputs: Range<Int>, panels: Range<Int>
  )? {
    let each = grid.across * grid.down
    return grid.rectangle(thread % each, rows: inputs, unit: unit, columns: panels).map {
      (thread / each, $0.rows, $0.columns)
    }
  }
}

extension Engine {
  /// Splits the gradient of `count` weights by inputs, at multiples of `unit`, by panels of outputs, and by branches of the
  /// tree over the parts; the branches' sums are added up at last.
  ///
  /// - Parameters:
  ///   - width: outputs of a panel.
  ///   - body: gets the thread, its branch and that one's parts, its inputs and panels; where the branch's sum goes, and where
  ///     sums wait for others.
  func splitGradient(
    _ inputs: Int, unit: Int = 1, by panels: Int, width: Int, _ parts: BatchParts, count: Int,
    into dw: UnsafeMutablePointer<Float>, _ scratch: Scratch,
    _ body: (
      _ thread: Int, _ branch: Int, _ parts: BatchParts, _ inputs: Range<Int>, _ panels: Range<Int>,
      _ to: UnsafeMutablePointer<Float>, _ waiting: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let split = gradientSplit(inputs, unit: unit, by: panels, width: width, parts, count: count)
    let memory = scratch.waiting(parts)
    threads.run { thread in
      guard let share = split.share(thread, inputs: inputs, unit: unit, panels: panels) else { return }
      let branch = share.branch
      let own = parts.branch(branch, of: split.branches)
      let to = split.branches == 1 ? dw : memory + branch * count
      let waiting = split.branches == 1 ? memory : memory + (split.branches + branch * own.depth) * count
      body(thread, branch, own, share.inputs, share.panels, to, waiting)
    }
    if split.branches > 1 { threads.addBranches(split.branches, of: memory, count: count, into: dw) }
  }

  func gradientSplit(_ inputs: Int, unit: Int, by panels: Int, width: Int, _ parts: BatchParts, count: Int)
    -> GradientSplit
  {
    GradientSplit(
      rows: (inputs + unit - 1) / unit, columns: panels, width: Double(width) / Double(unit), threads: threads.count,
      branches: count <= GradientSplit.weightLimit ? parts.images.count : 1)
  }
}
