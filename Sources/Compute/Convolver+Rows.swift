import CKernels

/// What forward and gradients have in common: which rows belong together, and the kernel over them.
extension Convolver {
  var table: UnsafePointer<pd_kernels> { engine.kernels.table(engine.precision) }

  /// Panels for this many channels.
  func panels(_ channels: Int32) -> Int { Int((channels + table.pointee.panel - 1) / table.pointee.panel) }

  func forwardRows(_ x: Shape) -> pd_rows {
    pd_forward_rows(filter, Int32(x.images), Int32(x.height), Int32(x.width), Int32(x.channels))
  }

  /// Whether the kernels read activations as they are stored. Products of floats read floats.
  var readsAsStored: Bool { Int(table.pointee.gathers) == engine.precision.bytes }

  /// Rows of x as the kernels read them, in the memory of thread `part`.
  func prepare(_ x: Tensor, _ rows: Range<Int>, normalizing affine: Affine? = nil, _ part: Int) -> UnsafeRawPointer {
    let (channels, to) = (x.shape.channels, scratch.thread(part))
    table.pointee.prepare(
      x.memory + rows.lowerBound * channels * x.precision.bytes, affine?.scale, affine?.shift, rows.count,
      Int32(channels), to)
    return UnsafeRawPointer(to)
  }

  func convolve(
    _ rows: pd_rows, _ input: UnsafeRawPointer, _ panels: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
    _ store: pd_store, _ range: Range<Int>, _ after: RowPass?, _ part: Int
  ) {
    withUnsafePointer(to: rows) { rows in
      withOptionalPointer(to: after?.pass) {
        table.pointee.convolve(
          rows, input, panels, output, store, range.lowerBound, range.upperBound, $0,
          scratch.thread(part) + preparedBytes)
      }
    }
  }

  /// Splits a tensor over threads, and each thread's part into chunks that fit its cache: rows where nothing but a row
  /// is needed to compute a row, else whole images. Calls `body` with the thread and the chunk's rows.
  ///
  /// - Parameter pass: done to what is computed of them.
  func chunks(_ shape: Shape, for pass: RowPass?, _ body: (_ part: Int, _ rows: Range<Int>) -> Void) {
    let rowsPerItem = isPointwise ? 1 : shape.height * shape.width
    let block = Int(table.pointee.block)
    let budget = Self.chunkBytes / (shape.channels * Int(table.pointee.gathers) * rowsPerItem)
    let items = isPointwise ? max(1, budget / block) * block : max(1, budget)
    func cut(_ part: Int, _ range: Range<Int>) {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: items) {
        body(part, first * rowsPerItem..<min(first + items, range.upperBound) * rowsPerItem)
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
