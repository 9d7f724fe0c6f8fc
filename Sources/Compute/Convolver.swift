import CKernels

/// The arithmetic of one convolution, `torch.nn.functional.conv2d` without bias: forward and both gradients, as
/// indirect matrix products over NHWC or by ``Winograd``'s (see Sources/CKernels/README.md).
///
/// Weights are `[height, width, inputs, outputs]`, fp32; each product first packs them into panels its kernel reads in
/// order. What comes before or after a convolution, batch normalization's passes, can be done to a part of the data
/// while that is in the cache, and spares a pass over memory.
///
/// `Sendable`, although its memory is not: a network runs one convolution at a time, whose threads use disjoint parts.
public struct Convolver: @unchecked Sendable {
  private let filter: pd_filter
  private let engine: Engine
  private let scratch: Scratch
  private let parities: [Parity]
  private let isPointwise: Bool
  private let winograd: Winograd?

  /// The input pixels of one parity, the filter taps that reach them, and where those taps' transposed panels begin.
  private struct Parity {
    let (y, x): (Int32, Int32)
    let order: [Int32]
    let offset: Int
  }

  /// Bytes of input a thread normalizes before it convolves them: half of a second-level cache.
  private static let chunkBytes = 1 << 19

  /// - Parameters:
  ///   - kernel: height and width of the filter, at most `PD_MAX_TAPS` elements.
  ///   - span: pixels side by side that one element of the filter covers, with weights for each of their channels.
  ///   - inputs: values gathered for an element: the input's channels, times `span`; `PD_MAX_CHANNELS` at most.
  ///   - outputs: channels of the result, `PD_MAX_CHANNELS` at most.
  ///   - padding: zeros around the input, vertically and horizontally.
  ///   - image: the size of an input image, for which scratch memory is reserved.
  public init(
    kernel: (height: Int, width: Int), span: Int = 1, inputs: Int, outputs: Int, stride: Int, padding: (y: Int, x: Int),
    image: (height: Int, width: Int), engine: Engine, scratch: Scratch
  ) {
    let taps = kernel.height * kernel.width
    precondition(min(kernel.height, kernel.width) > 0 && taps <= PD_MAX_TAPS, "a filter of \(kernel) elements")
    precondition(inputs > 0 && inputs <= PD_MAX_CHANNELS && inputs % span == 0, "\(inputs) inputs of \(span) pixels")
    precondition(outputs > 0 && outputs <= PD_MAX_CHANNELS, "\(outputs) outputs")
    precondition(span > 0 && stride > 0 && padding.y >= 0 && padding.x >= 0, "stride \(stride), padding \(padding)")
    filter = pd_filter(
      height: Int32(kernel.height), width: Int32(kernel.width), span: Int32(span), inputs: Int32(inputs),
      outputs: Int32(outputs), stride: Int32(stride), pad_y: Int32(padding.y), pad_x: Int32(padding.x))
    self.engine = engine
    self.scratch = scratch
    winograd = Winograd(filter, image: image, engine: engine, scratch: scratch)
    isPointwise = kernel == (1, 1) && stride == 1 && padding == (0, 0)
    let table = engine.kernels.table(engine.precision)
    let panel = Int(table.pointee.panel)
    let perWord = 4 / engine.precision.bytes
    let words = { (channels: Int) in (channels + perWord - 1) / perWord }
    let rounded = { (channels: Int) in (channels + panel - 1) / panel * panel }
    var parities: [Parity] = []
    var offset = 0
    for parity in 0..<stride * stride {
      var order = [Int32](repeating: 0, count: PD_MAX_TAPS)
      let (y, x) = (Int32(parity / stride), Int32(parity % stride))
      // Which taps meet a parity does not depend on the image's size.
      let rows = pd_backward_rows(filter, 1, Int32(image.height), Int32(image.width), y, x, &order)
      parities.append(Parity(y: y, x: x, order: Array(order.prefix(Int(rows.taps))), offset: offset))
      offset += 4 * Int(rows.taps) * words(outputs) * rounded(inputs)
    }
    self.parities = parities
    let forward = 4 * taps * words(inputs) * rounded(outputs)
    let imageBytes = image.height * image.width * inputs / span * engine.precision.bytes
    let blockBytes = Int(table.pointee.block) * inputs * engine.precision.bytes
    let gradient = pd_weight_gradient_scratch(table, Int32((outputs + panel - 1) / panel))
    scratch.reserve(
      panels: max(forward, offset), perThread: max(gradient, max(imageBytes, blockBytes, Self.chunkBytes) + 64))
  }

  /// The shape of the result for images of this shape.
  public func output(for x: Shape) -> Shape {
    let rows = pd_forward_rows(filter, 1, Int32(x.height), Int32(x.width), Int32(x.channels))
    return Shape(x.images, Int(rows.height), Int(rows.width), Int(filter.outputs))
  }

  /// `y = conv(x)`.
  ///
  /// - Parameters:
  ///   - affine: where given, x is replaced by ReLU of x so mapped, without ever being stored.
  ///   - after: what is done to y. With `affine`, it must not name tensors.
  public func forward(
    _ x: Tensor, normalizing affine: Affine? = nil, weights: UnsafePointer<Float>, into y: Tensor,
    after: RowPass? = nil
  ) {
    precondition(output(for: x.shape) == y.shape, "conv of \(x.shape) gives \(output(for: x.shape)), not \(y.shape)")
    if let winograd {
      return winograd.forward(x, normalizing: affine, weights: weights, into: y, after: after)
    }
    pack(weights)
    guard let affine else {
      let rows = forwardRows(x.shape, images: x.shape.images)
      return engine.threads.split(y.shape.rows, unit: 32) { part, range in
        convolve(rows, x.memory, scratch.panels, y.memory, PD_REPLACE, range, after?.c(part))
      }
    }
    let (xRow, yRow) = (x.shape.channels * x.precision.bytes, y.shape.channels * y.precision.bytes)
    chunks(x.shape) { part, xRows, images in
      let yRows = rows(of: y.shape, for: xRows, of: x.shape)
      let chunk = Shape(1, 1, xRows.count, x.shape.channels)
      let raw = Tensor(x.memory + xRows.lowerBound * xRow, chunk, x.precision)
      let normalized = Tensor(scratch.thread(part), chunk, x.precision)
      engine.run(
        .normalize(raw, by: affine, channels: chunk.channels, relu: true), part, on: normalized, 0..<chunk.rows)
      convolve(
        forwardRows(isPointwise ? chunk : x.shape, images: images), normalized.memory, scratch.panels,
        y.memory + yRows.lowerBound * yRow, PD_REPLACE, 0..<yRows.count, after?.c(part))
    }
  }

  /// The gradient of the loss by x, replacing `dx` or added to it.
  ///
  /// - Parameters:
  ///   - before: a pass that computes dy.
  ///   - after: what is done to dx.
  public func inputGradient(
    dy: Tensor, weights: UnsafePointer<Float>, into dx: Tensor, adding: Bool = false, before: RowPass? = nil,
    after: RowPass? = nil
  ) {
    precondition(output(for: dx.shape) == dy.shape, "input gradient of \(dy.shape) into \(dx.shape)")
    if let winograd, !adding {
      return winograd.inputGradient(dy: dy, weights: weights, into: dx, before: before, after: after)
    }
    packTransposed(weights)
    let rows = parities.map { parity in
      var order = [Int32](repeating: 0, count: PD_MAX_TAPS)
      return pd_backward_rows(
        filter, Int32(dx.shape.images), Int32(dx.shape.height), Int32(dx.shape.width), parity.y, parity.x, &order)
    }
    chunks(dy.shape) { part, dyRows, _ in
      if let before { engine.run(before, part, on: dy, dyRows) }
      for (parity, rows) in zip(parities, rows) where !(parity.order.isEmpty && adding) {
        let own = Shape(dx.shape.images, Int(rows.height), Int(rows.width), 1)
        convolve(
          rows, dy.memory, scratch.panels + parity.offset, dx.memory, adding ? PD_ADD : PD_REPLACE,
          self.rows(of: own, for: dyRows, of: dy.shape), after?.c(part))
      }
    }
  }

  /// The gradient of the loss by the weights, replacing `dw`. The same bits for every number of threads.
  ///
  /// - Parameter affine: as in ``forward(_:normalizing:weights:into:after:)``.
  public func weightGradient(
    x: Tensor, normalizing affine: Affine? = nil, dy: Tensor, dw: UnsafeMutablePointer<Float>
  ) {
    precondition(output(for: x.shape) == dy.shape, "weight gradient of \(x.shape) and \(dy.shape)")
    if let winograd { return winograd.weightGradient(x: x, normalizing: affine, dy: dy, dw: dw) }
    withUnsafePointer(to: forwardRows(x.shape, images: x.shape.images)) { rows in
      engine.threads.split(Int(filter.inputs), by: panels(filter.outputs)) { part, inputs, panels in
        table.pointee.weight_gradient(
          rows, x.memory, affine?.scale, affine?.shift, dy.memory, dw, Int32(inputs.lowerBound),
          Int32(inputs.upperBound), Int32(panels.lowerBound), Int32(panels.upperBound), scratch.thread(part))
      }
    }
  }
}

extension Convolver {
  private var table: UnsafePointer<pd_kernels> { engine.kernels.table(engine.precision) }

  /// Panels for this many channels.
  private func panels(_ channels: Int32) -> Int { Int((channels + table.pointee.panel - 1) / table.pointee.panel) }

  private func forwardRows(_ x: Shape, images: Int) -> pd_rows {
    pd_forward_rows(filter, Int32(images), Int32(x.height), Int32(x.width), Int32(x.channels))
  }

  private func convolve(
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
  private func chunks(_ shape: Shape, _ body: (_ part: Int, _ rows: Range<Int>, _ images: Int) -> Void) {
    let rowsPerItem = isPointwise ? 1 : shape.height * shape.width
    let block = Int(table.pointee.block)
    let budget = Self.chunkBytes / (shape.channels * engine.precision.bytes * rowsPerItem)
    let items = isPointwise ? max(1, budget / block) * block : max(1, budget)
    engine.threads.split(shape.rows / rowsPerItem, unit: isPointwise ? 32 : 1) { part, range in
      for first in stride(from: range.lowerBound, to: range.upperBound, by: items) {
        let count = min(items, range.upperBound - first)
        body(part, first * rowsPerItem..<(first + count) * rowsPerItem, isPointwise ? 1 : count)
      }
    }
  }

  /// The rows of `y` that belong to a chunk of x.
  private func rows(of y: Shape, for chunk: Range<Int>, of x: Shape) -> Range<Int> {
    if isPointwise { return chunk }
    let (perImageX, perImageY) = (x.height * x.width, y.height * y.width)
    return chunk.lowerBound / perImageX * perImageY..<chunk.upperBound / perImageX * perImageY
  }

  private func pack(_ weights: UnsafePointer<Float>) {
    let taps = filter.height * filter.width
    let order = Array(0..<taps)
    engine.threads.split(panels(filter.outputs)) { _, range in
      table.pointee.pack(
        weights, order, taps, filter.inputs, filter.outputs, Int32(range.lowerBound), Int32(range.upperBound),
        scratch.panels)
    }
  }

  private func packTransposed(_ weights: UnsafePointer<Float>) {
    engine.threads.split(panels(filter.inputs)) { _, range in
      for parity in parities {
        table.pointee.pack_transposed(
          weights, parity.order, Int32(parity.order.count), filter.inputs, filter.outputs, Int32(range.lowerBound),
          Int32(range.upperBound), scratch.panels + parity.offset)
      }
    }
  }
}
