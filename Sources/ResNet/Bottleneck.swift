import Compute

/// A bottleneck: 1×1, 3×3 (with the stride, v1.5), 1×1, added to a shortcut, then clipped. The shortcut is the input, or
/// in a stage's first block a strided 1×1 convolution of it.
struct Bottleneck {
  private let reduce: ConvolutionNorm
  private let spatial: ConvolutionNorm
  private let expand: ConvolutionNorm
  private let downsample: ConvolutionNorm?
  private let output: Tensor
  private let engine: Engine

  init(_ name: String, input: Shape, width: Int, stride: Int, isFirst: Bool, plan: MemoryPlan) {
    func layer(
      _ conv: String, _ norm: String, _ input: Shape, _ outputs: Int, kernel: Int, stride: Int,
      sums: PieceSums? = nil
    ) -> ConvolutionNorm {
      ConvolutionNorm(
        "\(name).\(conv)", norm: "\(name).\(norm)", input: input, outputs: outputs, kernel: (kernel, kernel),
        stride: stride, padding: (kernel / 2, kernel / 2), sums: sums, plan: plan)
    }
    engine = plan.engine
    reduce = layer("conv1", "bn1", input, width, kernel: 1, stride: 1)
    spatial = layer("conv2", "bn2", reduce.output, width, kernel: 3, stride: stride)
    expand = layer("conv3", "bn3", spatial.output, 4 * width, kernel: 1, stride: 1)
    // Backward sums for it while the first normalization's sums wait.
    downsample =
      isFirst
      ? layer("downsample.0", "downsample.1", input, 4 * width, kernel: 1, stride: stride, sums: PieceSums()) : nil
    output = plan.tensor(expand.output)
    for shape in [input, reduce.output, spatial.output, expand.output] { plan.reserveGradient(shape) }
  }

  /// The shape of the output for the largest batch.
  var outputShape: Shape { output.shape }
  /// The convolutions in the order in which forward, evaluation and backward run them.
  var forwardOrder: [ConvolutionNorm] { [reduce, spatial, expand] + (downsample.map { [$0] } ?? []) }
  var evaluationOrder: [ConvolutionNorm] { [reduce, spatial] + (downsample.map { [$0] } ?? []) + [expand] }
  var backwardOrder: [ConvolutionNorm] { [expand, spatial] + (downsample.map { [$0] } ?? []) + [reduce] }

  func forward(_ x: Tensor, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    try reduce.forward(x, pass: pass)
    try spatial.forward(reduce.z(n), normalizing: reduce.norm.affine, pass: pass)
    try expand.forward(spatial.z(n), normalizing: spatial.norm.affine, pass: pass)
    try downsample?.forward(x, pass: pass)
    let y = output.prefix(n)
    engine.run(
      .normalize(
        expand.z(n), by: expand.norm.affine, relu: true,
        residual: downsample?.z(n) ?? x, residualBy: downsample?.norm.affine),
      on: y)
    return y
  }

  /// Forward for evaluation. x lies in one of the workspace's buffers, and so does the result.
  func evaluate(_ x: Tensor, workspace: Workspace) throws -> Tensor {
    let free = unsafe workspace.free(but: x)
    let reduced = try unsafe reduce.evaluate(x, into: free[0], relu: true)
    let filtered = try unsafe spatial.evaluate(reduced, into: free[1], relu: true)
    let shortcut = try unsafe downsample?.evaluate(x, into: free[0], relu: false) ?? x
    return try unsafe expand.evaluate(filtered, into: free[2], relu: true, residual: shortcut)
  }

  /// What must be done to the gradient by this block's output y, once it is complete, before
  /// ``backward(_:x:after:workspace:pass:)``: masked by the block's own ReLU, which makes it the shortcut's gradient too,
  /// and summed.
  func reduction(_ images: Int) -> RowPass {
    expand.norm.reduction(mask: .output(output.prefix(images)), z: expand.z(images))
  }

  /// - Parameters:
  ///   - dy: gradient by the output, in one of the workspace's buffers, after ``reduction(_:)``; used up.
  ///   - x: what forward was given.
  ///   - after: what is done to the gradient by x.
  /// - Returns: the gradient by x, in one of the buffers.
  func backward(_ dy: Tensor, x: Tensor, after: RowPass?, workspace: Workspace, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    let free = unsafe workspace.free(but: dy)
    let dz = unsafe Tensor(free[0], dy.shape, dy.precision)
    let dFiltered = unsafe Tensor(free[1], spatial.z(n).shape, dy.precision)
    let dReduced = unsafe Tensor(free[2], reduce.z(n).shape, dy.precision)
    try expand.backward(
      dy, dz: dz, x: spatial.z(n), normalizing: spatial.norm.affine, dx: dFiltered,
      after: spatial.norm.reduction(mask: .normalized(spatial.norm.affine), z: spatial.z(n)), pass: pass)
    try spatial.backward(
      dFiltered, dz: dFiltered, x: reduce.z(n), normalizing: reduce.norm.affine, dx: dReduced,
      after: reduce.norm.reduction(mask: .normalized(reduce.norm.affine), z: reduce.z(n)), pass: pass)
    // The shortcut's gradient comes first, the main path's is added to it.
    var dx = dy
    if let downsample {
      dx = unsafe Tensor(free[1], x.shape, dy.precision)
      engine.run(downsample.norm.reduction(mask: .none, z: downsample.z(n)), on: dy)
      try downsample.backward(dy, dz: dz, x: x, dx: dx, pass: pass)
    }
    try reduce.backward(dReduced, dz: dReduced, x: x, dx: dx, adding: true, after: after, pass: pass)
    return dx
  }
}
