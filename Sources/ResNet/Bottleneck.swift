import Compute

/// A bottleneck: 1×1, 3×3 (with the stride, v1.5), 1×1, added to a shortcut, then clipped. The shortcut is the input, or
/// in a stage's first block a strided 1×1 convolution of it.
struct Bottleneck {
  private let reduce: ConvolutionNorm
  private let spatial: ConvolutionNorm
  private let expand: ConvolutionNorm
  private let downsample: ConvolutionNorm?
  private let reduced: Tensor
  private let filtered: Tensor
  private let output: Tensor
  private let engine: Engine

  init(_ name: String, input: Shape, width: Int, stride: Int, isFirst: Bool, plan: Plan) {
    func layer(_ conv: String, _ norm: String, _ input: Shape, _ outputs: Int, kernel: Int, stride: Int)
      -> ConvolutionNorm
    {
      ConvolutionNorm(
        "\(name).\(conv)", norm: "\(name).\(norm)", input: input, outputs: outputs, kernel: (kernel, kernel),
        stride: stride, padding: (kernel / 2, kernel / 2), plan: plan)
    }
    engine = plan.engine
    reduce = layer("conv1", "bn1", input, width, kernel: 1, stride: 1)
    reduced = plan.arena.tensor(reduce.output)
    spatial = layer("conv2", "bn2", reduced.shape, width, kernel: 3, stride: stride)
    filtered = plan.arena.tensor(spatial.output)
    expand = layer("conv3", "bn3", filtered.shape, 4 * width, kernel: 1, stride: 1)
    downsample =
      isFirst ? layer("downsample.0", "downsample.1", input, 4 * width, kernel: 1, stride: stride) : nil
    output = plan.arena.tensor(expand.output)
    for shape in [input, reduced.shape, filtered.shape, output.shape] { plan.reserveGradient(shape) }
  }

  /// The shape of the output for the largest batch.
  var outputShape: Shape { output.shape }

  func forward(_ x: Tensor, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    let y = output.prefix(n)
    try reduce.forward(x, into: reduced.prefix(n), pass: pass)
    try spatial.forward(reduced.prefix(n), into: filtered.prefix(n), pass: pass)
    let z = try expand.forward(filtered.prefix(n), pass: pass)
    let shortcut = try downsample?.forward(x, pass: pass)
    engine.normalize(
      z, into: y, scale: expand.norm.scale, shift: expand.norm.shift, relu: true, residual: shortcut ?? x,
      residualScale: downsample?.norm.scale, residualShift: downsample?.norm.shift)
    return y
  }

  /// - Parameters:
  ///   - dy: gradient by the output, in one of the workspace's four buffers; used up.
  ///   - x: what forward was given.
  /// - Returns: the gradient by x, in one of the four buffers.
  func backward(_ dy: Tensor, x: Tensor, workspace: Workspace, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    let free = workspace.gradients.filter { $0 != dy.data }
    let dz = Tensor(free[0], dy.shape)
    let dFiltered = Tensor(free[1], filtered.prefix(n).shape)
    let dReduced = Tensor(free[2], reduced.prefix(n).shape)
    let scratch = workspace.scratch
    // Masks dy by the block's own ReLU: from here on it is the shortcut's gradient too.
    try expand.backward(
      dy, maskedBy: output.prefix(n), dz: dz, x: filtered.prefix(n), dx: dFiltered, scratch: scratch, pass: pass)
    try spatial.backward(
      dFiltered, maskedBy: filtered.prefix(n), dz: dFiltered, x: reduced.prefix(n), dx: dReduced, scratch: scratch,
      pass: pass)
    // The shortcut's gradient comes first, the main path's is added to it.
    let dx: Tensor
    if let downsample {
      dx = Tensor(free[1], x.shape)
      try downsample.backward(dy, maskedBy: nil, dz: dz, x: x, dx: dx, scratch: scratch, pass: pass)
    } else {
      dx = dy
    }
    try reduce.backward(
      dReduced, maskedBy: reduced.prefix(n), dz: dReduced, x: x, dx: dx, adding: true, scratch: scratch, pass: pass)
    return dx
  }
}
