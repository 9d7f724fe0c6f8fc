import CKernels

/// The arithmetic of one convolution, `torch.nn.functional.conv2d` without bias: forward and both gradients, as
/// indirect matrix products over NHWC (see CKernels.h).
///
/// Weights are `[height, width, inputs, outputs]`. Before the products they are packed into panels the kernels read in
/// order; ``pack(_:)`` must follow each change of the weights.
public struct Convolver: @unchecked Sendable {
  private let filter: pd_filter
  private let engine: Engine
  private let panels: UnsafeMutablePointer<Float>
  private let parities: [Parity]

  /// The input pixels of one parity, the filter taps that reach them, and those taps' transposed panels.
  private struct Parity {
    let y: Int32
    let x: Int32
    let order: [Int32]
    let panels: UnsafeMutablePointer<Float>
  }

  /// - Parameters:
  ///   - kernel: height and width of the filter, at most 49 elements.
  ///   - span: pixels side by side that one element of the filter covers, with weights for each of their channels.
  ///   - inputs: floats gathered for an element: the input's channels, times `span`.
  ///   - padding: zeros around the input, vertically and horizontally.
  ///   - needsInputGradient: false for a network's first layer, which saves its panels.
  ///   - arena: owns the panels.
  public init(
    kernel: (height: Int, width: Int), span: Int = 1, inputs: Int, outputs: Int, stride: Int, padding: (y: Int, x: Int),
    needsInputGradient: Bool = true, engine: Engine, arena: Arena
  ) {
    filter = pd_filter(
      height: Int32(kernel.height), width: Int32(kernel.width), span: Int32(span), inputs: Int32(inputs),
      outputs: Int32(outputs),
      stride: Int32(stride), pad_y: Int32(padding.y), pad_x: Int32(padding.x))
    self.engine = engine
    let panel = Int(engine.kernels.table.pointee.panel)
    let rounded = { (channels: Int) in (channels + panel - 1) / panel * panel }
    panels = arena.take(kernel.height * kernel.width * inputs * rounded(outputs))
    var parities: [Parity] = []
    if needsInputGradient {
      for parity in 0..<stride * stride {
        var order = [Int32](repeating: 0, count: 49)
        let (y, x) = (Int32(parity / stride), Int32(parity % stride))
        let rows = pd_backward_rows(filter, 1, 64, 64, y, x, &order)
        order.removeLast(49 - Int(rows.taps))
        parities.append(Parity(y: y, x: x, order: order, panels: arena.take(order.count * outputs * rounded(inputs))))
      }
    }
    self.parities = parities
  }

  /// The shape of the result for images of this shape.
  public func output(for x: Shape) -> Shape {
    let rows = pd_forward_rows(filter, 1, Int32(x.height), Int32(x.width), Int32(x.channels))
    return Shape(x.images, Int(rows.height), Int(rows.width), Int(filter.outputs))
  }

  /// Floats of scratch, per thread, that ``weightGradient(x:dy:dw:scratch:)`` needs.
  public var scratchPerThread: Int {
    let panel = Int(engine.kernels.table.pointee.panel)
    return pd_weight_gradient_scratch(engine.kernels.table, 0, Int32((Int(filter.outputs) + panel - 1) / panel))
  }

  /// Lays the weights out for ``forward(_:into:sums:)`` and, with `gradients`, for the input gradient too.
  public func pack(_ weights: UnsafePointer<Float>, gradients: Bool) {
    let panel = engine.kernels.table.pointee.panel
    let taps = filter.height * filter.width
    engine.threads.run { part in
      // Part 0 packs the forward panels, the last one the transposed: they are independent.
      if part == 0 { pd_pack(weights, Array(0..<taps), taps, filter.inputs, filter.outputs, panel, panels) }
      if part == engine.threads.count - 1, gradients {
        for parity in parities {
          let taps = Int32(parity.order.count)
          pd_pack_transposed(weights, parity.order, taps, filter.inputs, filter.outputs, panel, parity.panels)
        }
      }
    }
  }

  /// `y = conv(x)`.
  ///
  /// - Parameter sums: where given, `threads · 2 · outputs` doubles, zero; each thread adds the sum and the sum of
  ///   squares of each output channel over its rows to its part.
  public func forward(_ x: Tensor, into y: Tensor, sums: UnsafeMutablePointer<Double>? = nil) {
    precondition(output(for: x.shape) == y.shape, "conv of \(x.shape) gives \(output(for: x.shape)), not \(y.shape)")
    var rows = pd_forward_rows(filter, x.images32, x.height32, x.width32, Int32(x.shape.channels))
    withUnsafePointer(to: &rows) { rows in
      engine.threads.split(y.shape.rows, unit: 32) { part, range in
        let sum = sums.map { $0 + part * 2 * Int(filter.outputs) }
        engine.kernels.table.pointee.convolve(
          rows, x.data, panels, y.data, PD_REPLACE, range.lowerBound, range.upperBound, sum,
          sum.map { $0 + Int(filter.outputs) })
      }
    }
  }

  /// The gradient of the loss by x, replacing `dx` or added to it.
  public func inputGradient(dy: Tensor, into dx: Tensor, adding: Bool = false) {
    precondition(output(for: dx.shape) == dy.shape, "input gradient of \(dy.shape) into \(dx.shape)")
    for parity in parities {
      if parity.order.isEmpty && adding { continue }
      var order = parity.order + [Int32](repeating: 0, count: 49 - parity.order.count)
      var rows = pd_backward_rows(filter, dx.images32, dx.height32, dx.width32, parity.y, parity.x, &order)
      let count = Int(rows.images) * Int(rows.height) * Int(rows.width)
      withUnsafePointer(to: &rows) { rows in
        engine.threads.split(count, unit: 32) { _, range in
          engine.kernels.table.pointee.convolve(
            rows, dy.data, parity.panels, dx.data, adding ? PD_ADD : PD_REPLACE, range.lowerBound, range.upperBound,
            nil, nil)
        }
      }
    }
  }

  /// The gradient of the loss by the weights, replacing `dw`. The same bits for every number of threads.
  ///
  /// - Parameter scratch: `threads · scratchPerThread` floats.
  public func weightGradient(
    x: Tensor, dy: Tensor, dw: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    precondition(output(for: x.shape) == dy.shape, "weight gradient of \(x.shape) and \(dy.shape)")
    var rows = pd_forward_rows(filter, x.images32, x.height32, x.width32, Int32(x.shape.channels))
    let panel = Int(engine.kernels.table.pointee.panel)
    let (panelCount, inputs, threads) = (
      (Int(filter.outputs) + panel - 1) / panel, Int(filter.inputs), engine.threads.count
    )
    // A grid of threads: as many as divide them over the output panels, the others over the inputs.
    let columns = (1...threads).last { threads % $0 == 0 && $0 <= panelCount } ?? 1
    let lines = threads / columns
    withUnsafePointer(to: &rows) { rows in
      engine.threads.run { part in
        let (column, line) = (part % columns, part / columns)
        let (firstPanel, lastPanel) = (panelCount * column / columns, panelCount * (column + 1) / columns)
        let (firstInput, lastInput) = (inputs * line / lines, inputs * (line + 1) / lines)
        if firstInput == lastInput { return }
        engine.kernels.table.pointee.weight_gradient(
          rows, x.data, dy.data, dw, Int32(firstInput), Int32(lastInput), Int32(firstPanel), Int32(lastPanel),
          scratch + part * scratchPerThread)
      }
    }
  }
}

extension Tensor {
  fileprivate var images32: Int32 { Int32(shape.images) }
  fileprivate var height32: Int32 { Int32(shape.height) }
  fileprivate var width32: Int32 { Int32(shape.width) }
}
