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
    _ store: pd_store, _ range: Range<Int>, _ outputs: Range<Int>, _ after: RowPass?, _ part: Int
  ) {
    withUnsafePointer(to: rows) { rows in
      withOptionalPointer(to: after?.pass) {
        table.pointee.convolve(
          rows, input, panels, output, store, range.lowerBound, range.upperBound, Int32(outputs.lowerBound),
          Int32(outputs.upperBound), $0,
          scratch.thread(part) + preparedBytes)
      }
    }
  }

  /// The product of which `y`, of so many rows and outputs, is made, as threads share it: by rows where nothing but a row is
  /// needed to compute a row, else by whole images of `shape`.
  func product(_ shape: Shape, byRows: Bool, sums: Bool, rows: Int, outputs: Int32) -> Product {
    let units =
      byRows ? RowUnits(shape, sums: sums) : RowUnits(images: shape.images, of: shape.height * shape.width)
    return Product(
      rows: units, rowsPerUnit: (rows + units.count - 1) / max(1, units.count), panels: panels(outputs),
      width: Int(table.pointee.panel), height: Int(table.pointee.height))
  }

  /// Cuts a thread's rows of a tensor into chunks that fit its cache: blocks of rows, or images.
  func chunks(_ shape: Shape, _ rows: Range<Int>) -> [Range<Int>] {
    let block = isPointwise ? Int(table.pointee.block) : shape.height * shape.width
    let budget = Self.chunkBytes / (shape.channels * Int(table.pointee.gathers) * block)
    return stride(from: rows.lowerBound, to: rows.upperBound, by: max(1, budget) * block).map {
      $0..<min($0 + max(1, budget) * block, rows.upperBound)
    }
  }

  /// The rows of `y` that belong to a chunk of x.
  func rows(of y: Shape, for chunk: Range<Int>, of x: Shape) -> Range<Int> {
    if isPointwise { return chunk }
    let (perImageX, perImageY) = (x.height * x.width, y.height * y.width)
    return chunk.lowerBound / perImageX * perImageY..<chunk.upperBound / perImageX * perImageY
  }
}
