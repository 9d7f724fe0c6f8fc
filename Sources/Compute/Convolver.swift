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
  /// Whether its products are Winograd's.
  public var isWinograd: Bool { winograd != nil }
  /// Of a thread's scratch, for a chunk of its input; what a kernel needs itself comes after.
  let preparedBytes: Int

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
  ///   - winograd: whether to take Winograd's products where they apply; where nil if they are faster.
  public init(
    kernel: (height: Int, width: Int), span: Int = 1, inputs: Int, outputs: Int, stride: Int, padding: (y: Int, x: Int),
    image: (height: Int, width: Int), engine: Engine, scratch: Scratch, winograd: Bool? = nil
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
    self.winograd = Winograd(filter, image: image, engine: engine, scratch: scratch, wanted: winograd)
    isPointwise = kernel == (1, 1) && stride == 1 && padding == (0, 0)
    let table = engine.kernels.table(engine.precision)
    var parities: [Parity] = []
    var offset = 0
    for parity in 0..<stride * stride {
      var order = [Int32](repeating: 0, count: PD_MAX_TAPS)
      let (y, x) = (Int32(parity / stride), Int32(parity % stride))
      // Which taps meet a parity does not depend on the image's size.
      let rows = pd_backward_rows(filter, 1, Int32(image.height), Int32(image.width), y, x, &order)
      parities.append(Parity(y: y, x: x, order: Array(order.prefix(Int(rows.taps))), offset: offset))
      offset += pd_panels(table, rows.taps, Int32(outputs), Int32(inputs))
    }
    self.parities = parities
    let forward = pd_panels(table, Int32(taps), Int32(inputs), Int32(outputs))
    let panels = (outputs + Int(table.pointee.panel) - 1) / Int(table.pointee.panel)
    let gradient = pd_weight_gradient_scratch(table, Int32(panels))
    // A chunk is a block of rows or an image at least; one value more is read.
    let rows = max(Int(table.pointee.block), image.height * image.width)
    let chunk = max(Self.chunkBytes, rows * max(inputs / span, outputs) * Int(table.pointee.gathers))
    preparedBytes = (chunk + 64) / 64 * 64
    let gathered = max(
      pd_convolve_scratch(table, Int32(taps), Int32(inputs)), pd_convolve_scratch(table, Int32(taps), Int32(outputs)))
    scratch.reserve(
      panels: max(forward, offset), perThread: max(gradient, preparedBytes + gathered), weights: taps * inputs * outputs
    )
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
  ///   - after: what is done to y.
  public func forward(
    _ x: Tensor, normalizing affine: Affine? = nil, weights: UnsafePointer<Float>, panels: UnsafeRawPointer? = nil,
    into y: Tensor, after: RowPass? = nil
  ) {
    precondition(output(for: x.shape) == y.shape, "conv of \(x.shape) gives \(output(for: x.shape)), not \(y.shape)")
    let panels = panels ?? packed(weights, for: .forward)
    if let winograd { return winograd.forward(x, normalizing: affine, panels: panels, into: y, after: after) }
    let (rows, isStored) = (forwardRows(x.shape), affine == nil && readsAsStored)
    let product = forwardProduct(x.shape, isStored: isStored, sums: after?.sums ?? false)
    engine.threads.split(product) { part, own, outputs in
      if isStored { return convolve(rows, x.memory, panels, y.memory, PD_REPLACE, own, outputs, after, part) }
      for chunk in chunks(x.shape, own) {
        var rows = rows
        rows.in_before = chunk.lowerBound
        let prepared = prepare(x, chunk, normalizing: affine, part)
        let yRows = self.rows(of: y.shape, for: chunk, of: x.shape)
        convolve(rows, prepared, panels, y.memory, PD_REPLACE, yRows, outputs, after, part)
      }
    }
  }

  /// - Parameter isStored: whether x is read as it is stored, so that threads share rows of y, not of x.
  func forwardProduct(_ x: Shape, isStored: Bool, sums: Bool) -> Product {
    let y = output(for: x)
    return product(
      isStored ? y : x, byRows: isStored || isPointwise, sums: sums, rows: y.rows, outputs: filter.outputs)
  }

  /// Packs the weights into this network's own memory.
  func packed(_ weights: UnsafePointer<Float>, for direction: Direction) -> UnsafeRawPointer {
    pack(weights, for: direction, into: scratch.panels)
    return UnsafeRawPointer(scratch.panels)
  }
}
