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
  let filter: pd_filter
  let engine: Engine
  let scratch: Scratch
  let parities: [Parity]
  let isPointwise: Bool
  let winograd: Winograd?

  /// The input pixels of one parity, the filter taps that reach them, and where those taps' transposed panels begin.
  struct Parity {
    let (y, x): (Int32, Int32)
    let order: [Int32]
    let offset: Int
  }

  /// Bytes of input a thread normalizes before it convolves them: half of a second-level cache.
  static let chunkBytes = 1 << 19

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
      panels: max(forward, offset), perThread: max(gradient, max(imageBytes, blockBytes, Self.chunkBytes) + 64),
      weights: taps * inputs * outputs)
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
  ///   - panels: the weights as packed; packed here where nil.
  ///   - after: what is done to y. With `affine`, it must not name tensors.
  public func forward(
    _ x: Tensor, normalizing affine: Affine? = nil, weights: UnsafePointer<Float>, panels: UnsafeRawPointer? = nil,
    into y: Tensor, after: RowPass? = nil
  ) {
    precondition(output(for: x.shape) == y.shape, "conv of \(x.shape) gives \(output(for: x.shape)), not \(y.shape)")
    let panels = panels ?? packed(weights, for: .forward)
    if let winograd { return winograd.forward(x, normalizing: affine, panels: panels, into: y, after: after) }
    guard let affine else {
      let rows = forwardRows(x.shape, images: x.shape.images)
      return engine.splitRows(y.shape, for: after) { _, range in
        convolve(rows, x.memory, panels, y.memory, PD_REPLACE, range, after?.c())
      }
    }
    let (xRow, yRow) = (x.shape.channels * x.precision.bytes, y.shape.channels * y.precision.bytes)
    chunks(x.shape, for: after) { part, xRows, images in
      let yRows = rows(of: y.shape, for: xRows, of: x.shape)
      let chunk = Shape(1, 1, xRows.count, x.shape.channels)
      let raw = Tensor(x.memory + xRows.lowerBound * xRow, chunk, x.precision)
      let normalized = Tensor(scratch.thread(part), chunk, x.precision)
      engine.run(
        .normalize(raw, by: affine, relu: true), on: normalized, 0..<chunk.rows)
      convolve(
        forwardRows(isPointwise ? chunk : x.shape, images: images), normalized.memory, panels,
        y.memory + yRows.lowerBound * yRow, PD_REPLACE, 0..<yRows.count, after?.c(before: yRows.lowerBound))
    }
  }

  /// Packs the weights into this network's own memory.
  func packed(_ weights: UnsafePointer<Float>, for direction: Direction) -> UnsafeRawPointer {
    pack(weights, for: direction, into: scratch.panels)
    return UnsafeRawPointer(scratch.panels)
  }
}
