import Compute

/// A convolution and the batch normalization after it.
///
/// What is kept for backward is `z`, the convolution's output. Normalized and clipped, it is computed anew wherever it is
/// needed: by the convolution that follows, on a part at a time, and by that one's weight gradient.
@safe struct ConvolutionNorm {
  let norm: BatchNorm
  private let convolver: Convolver
  private let weight: UnsafeMutablePointer<Float>
  private let weightGradient: UnsafeMutablePointer<Float>
  private let allOfZ: Tensor
  private let panels: PanelQueue
  private let engine: Engine

  /// - Parameters:
  ///   - input: the shape of the largest batch.
  ///   - span: pixels side by side that one element of the filter covers.
  ///   - sums: the normalization's, if they must outlast another's.
  init(
    _ name: String, norm normName: String, input: Shape, outputs: Int, kernel: (height: Int, width: Int), stride: Int,
    padding: (y: Int, x: Int), span: Int = 1, sums: PieceSums? = nil, plan: MemoryPlan
  ) {
    (engine, panels) = (plan.engine, plan.panels)
    convolver = Convolver(
      kernel: kernel, span: span, inputs: span * input.channels, outputs: outputs, stride: stride, padding: padding,
      image: (input.height, input.width), engine: plan.engine, scratch: plan.scratch)
    unsafe weight = plan.parameters.value("\(name).weight")
    unsafe weightGradient = plan.parameters.gradient("\(name).weight")
    allOfZ = plan.tensor(convolver.output(for: input))
    norm = BatchNorm(normName, of: allOfZ.shape, sums: sums ?? plan.sums, plan: plan)
  }

  /// The shape of the output for the largest batch.
  var output: Shape { allOfZ.shape }

  /// The convolution's output for the first `images` images.
  func z(_ images: Int) -> Tensor { allOfZ.prefix(images) }

  /// Packs a part of the weights.
  func pack(for direction: Convolver.Direction, into panels: UnsafeMutableRawPointer, team: Threads.Team) {
    unsafe convolver.pack(weight, for: direction, into: panels, team: team)
  }

  /// Convolves, and finds the normalization's coefficients.
  ///
  /// - Parameter affine: where given, x is replaced by ReLU of x so mapped.
  func forward(_ x: Tensor, normalizing affine: Affine? = nil, pass: Pass) throws {
    let z = z(x.shape.images)
    unsafe convolver.forward(
      x, normalizing: affine, weights: weight, panels: panels.current, into: z, after: norm.statistics(of: z))
    try panels.packNext(meeting: unsafe pass.sumOverRanks == nil)
    try norm.fit(z, pass: pass)
  }

  /// Forward for evaluation, by the running statistics: convolves, normalizes, adds `residual`, clips with `relu`.
  /// Nothing is kept.
  func evaluate(_ x: Tensor, into y: UnsafeMutableRawPointer, relu: Bool, residual: Tensor? = nil) throws -> Tensor {
    let y = try unsafe prepare(x, into: y)
    let after = RowPass.normalize(by: norm.affine, relu: relu, residual: residual)
    unsafe convolver.forward(x, weights: weight, panels: panels.current, into: y, after: after)
    try panels.packNext(meeting: true)
    return y
  }

  /// The same, but leaves normalizing to the caller.
  func evaluateConvolution(_ x: Tensor, into y: UnsafeMutableRawPointer) throws -> Tensor {
    let y = try unsafe prepare(x, into: y)
    unsafe convolver.forward(x, weights: weight, panels: panels.current, into: y)
    try panels.packNext(meeting: true)
    return y
  }

  private func prepare(_ x: Tensor, into y: UnsafeMutableRawPointer) throws -> Tensor {
    try norm.fit(nil, pass: .evaluation)
    return unsafe Tensor(y, convolver.output(for: x.shape), x.precision)
  }

  /// Backward of both, given dy whose ``BatchNorm/reduction(mask:z:)`` has been run. Replaces the parameters' gradients;
  /// the filter's only if it trains.
  ///
  /// - Parameters:
  ///   - dz: room for the gradient by the convolution's output. May be dy.
  ///   - x: what forward was given, and `affine` too.
  ///   - dx: receives the gradient by x (normalized and clipped), replaced or, with `adding`, added to. Nil where
  ///     nobody needs it.
  ///   - after: what is done to dx.
  func backward(
    _ dy: Tensor, dz: Tensor, x: Tensor, normalizing affine: Affine? = nil, dx: Tensor?, adding: Bool = false,
    after: RowPass? = nil, pass: Pass
  ) throws {
    if dx != nil { try panels.packNext(meeting: unsafe pass.sumOverRanks == nil) }
    let gradient = try norm.gradient(dy, z: z(x.shape.images), pass: pass)
    if let dx {
      unsafe convolver.inputGradient(
        dy: dz, weights: weight, panels: panels.current, into: dx, adding: adding, before: gradient, after: after)
    } else {
      engine.run(gradient, on: dz)
    }
    if !pass.frozen {
      unsafe convolver.weightGradient(
        x: x, normalizing: affine, dy: dz, dw: weightGradient, parts: pass.parts(of: x.shape.images))
    }
    try pass.layerDone?()
  }
}
