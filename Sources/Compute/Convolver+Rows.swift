import CKernels

/// What forward and gradients have in common: which rows belong together, and the kernel over them.
extension Convolver {
  var table: UnsafePointer<pd_kernels> { engine.kernels.table(engine.precision) }

  /// Panels for this many channels.
  func panels(_ channels: Int32) -> Int { Int((channels + table.pointee.panel - 1) / table.pointee.panel) }

  func forwardRows(_ x: Shape, images: Int) -> pd_rows {
    pd_forward_rows(filter, Int32(images), Int32(x.height), Int32(x.width), Int32(x.channels))
  }

  func convolve(
    _ rows: pd_rows, _ input: UnsafeRawPointer, _ panels: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
    _ store: pd_store, _ range: Range<Int>, _ after: pd_pass?
  ) {
    withUnsafePointer(to: rows) { rows in
      withOptionalPointer(to: after) {
        table.pointee.convolve(rows, input, panels, output, store, range.lowerBound, range.upperBound, $0)
      }
    }
  }

  /// Splits a tensor over threads, and each thread's part into chunks that fit its cache: rows where nothing but a row
  /// is needed to compute a row, else whole images. Calls `body` with the thread, the chunk's rows and its images.
  ///
  /// - Parameter pass: done to what is computed of them.
  func chunks(
    _ shape: Shape, for pass: RowPass?, _ body: (_ part: Int, _ rows: Range<Int>, _ images: Int) -> Void
  ) {
    let rowsPerItem = isPointwise ? 1 : shape.height * shape.width
    let block = Int(table.pointee.block)
    let budget = Self.chunkBytes / (shape.channels * engine.precision.bytes * rowsPerItem)
    let items = isPointwise ? max(1, budget / block) * block : max(1, budget)
    func cut(_ part: Int, _ range: Range<Int>) {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: items) {
        let count = min(items, range.upperBound - first)
        body(part, first * rowsPerItem..<(first + count) * rowsPerItem, isPointwise ? 1 : count)
      }
    }
    if isPointwise { engine.splitRows(shape, for: pass, cut) } else { engine.threads.split(shape.images, cut) }
  }

  /// The rows of `y` that belong to a chunk of x.
  func rows(of y: Shape, for chunk: Range<Int>, of x: Shape) -> Range<Int> {
    if isPointwise { return chunk }
    let (perImageX, perImageY) = (x.height * x.width, y.height * y.width)
    return chunk.lowerBound / perImageX * perImageY..<chunk.upperBound / perImageX * perImageY
  }
}
