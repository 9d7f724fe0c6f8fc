import Compute

/// A convolution and the batch normalization after it.
///
/// `z` keeps the convolution's output for backward; normalizing is not part of ``forward(_:pass:)`` because
/// a bottleneck's last one is normalized, added to the shortcut and clipped in one pass.
struct ConvolutionNorm {
  let norm: BatchNorm
  private let convolver: Convolver
  private let weight: UnsafeMutablePointer<Float>
  private let weightGradient: UnsafeMutablePointer<Float>
  private let z: Tensor
  private let engine: Engine

  /// - Parameters:
  ///   - input: the shape of the largest batch.
  ///   - span: pixels side by side that one element of the filter covers.
  init(
    _ name: String, norm normName: String, input: Shape, outputs: Int, kernel: (height: Int, width: Int), stride: Int,
    padding: (y: Int, x: Int), span: Int = 1, needsInputGradient: Bool = true, plan: Plan
  ) {
    engine = plan.engine
    convolver = Convolver(
      kernel: kernel, span: span, inputs: span * input.channels, outputs: outputs, stride: stride, padding: padding,
      needsInputGradient: needsInputGradient, engine: engine, arena: plan.arena)
    weight = plan.parameters.value("\(name).weight")
    weightGradient = plan.parameters.gradient("\(name).weight")
    norm = BatchNorm(normName, channels: outputs, parameters: plan.parameters, engine: engine, arena: plan.arena)
    z = plan.arena.tensor(convolver.output(for: input))
    plan.reserveScratch(convolver.scratchPerThread)
  }

  /// The shape of the output for the largest batch.
  var output: Shape { z.shape }

  /// Convolves, and finds the normalization's scale and shift. Returns the convolution's output, not yet normalized.
  func forward(_ x: Tensor, pass: Pass) throws -> Tensor {
    let z = self.z.prefix(x.shape.images)
    convolver.pack(weight, gradients: pass.training)
    norm.clearSums()
    convolver.forward(x, into: z, sums: pass.training ? norm.sums : nil)
    try norm.fit(rows: z.shape.rows, pass: pass)
    return z
  }

  /// Convolves, normalizes and clips at zero.
  func forward(_ x: Tensor, into y: Tensor, pass: Pass) throws {
    engine.normalize(try forward(x, pass: pass), into: y, scale: norm.scale, shift: norm.shift, relu: true)
  }

  /// Replaces the parameters' gradients; the filter's only if it trains.
  ///
  /// - Parameters:
  ///   - dy: gradient by the output; masked by `y` in place where that is given (ReLU).
  ///   - dz: room for the gradient by the convolution's output. May be dy.
  ///   - x: what forward was given.
  ///   - dx: receives the gradient by x, replaced or, with `adding`, added to. Nil where nobody needs it.
  func backward(
    _ dy: Tensor, maskedBy y: Tensor?, dz: Tensor, x: Tensor, dx: Tensor?, adding: Bool = false,
    scratch: UnsafeMutablePointer<Float>, pass: Pass
  ) throws {
    try norm.backward(dy, maskedBy: y, z: z.prefix(x.shape.images), into: dz, pass: pass)
    if !pass.frozen { convolver.weightGradient(x: x, dy: dz, dw: weightGradient, scratch: scratch) }
    if let dx { convolver.inputGradient(dy: dz, into: dx, adding: adding) }
  }
}
