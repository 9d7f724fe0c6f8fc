import Compute

/// The first layers: 7×7 convolution of stride 2, normalization, ReLU, 3×3 max pooling of stride 2.
///
/// Images are copied into a frame of zeros, so that each of the filter's seven rows finds its 7·3 floats side by side:
/// seven taps of 21 floats rather than 49 of 3.
@safe struct Stem {
  let convolution: ConvolutionNorm
  private let framed: Tensor
  private let output: Tensor
  private let argmax: UnsafeMutablePointer<UInt8>
  private let engine: Engine
  private static let frame = 3

  init(input: Shape, plan: MemoryPlan) {
    engine = plan.engine
    let border = 2 * Self.frame
    framed = plan.tensor(Shape(input.images, input.height + border, input.width + border, input.channels))
    convolution = ConvolutionNorm(
      "conv1", norm: "bn1", input: framed.shape, outputs: Architecture.stemWidth, kernel: (7, 1), stride: 2,
      padding: (0, 0), span: 7, plan: plan)
    let (height, width) = ((convolution.output.height - 1) / 2 + 1, (convolution.output.width - 1) / 2 + 1)
    output = plan.tensor(Shape(input.images, height, width, Architecture.stemWidth))
    unsafe argmax = plan.arena.allocate(output.shape.count, of: UInt8.self)
    plan.reserveGradient(convolution.output)
  }

  /// The shape of the output for the largest batch.
  var outputShape: Shape { output.shape }

  func forward(_ x: Tensor, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    copyIntoFrame(x)
    try convolution.forward(framed.prefix(n), pass: pass)
    unsafe engine.maxPool(
      convolution.z(n), normalizing: convolution.norm.affine, into: output.prefix(n), argmax: argmax)
    return output.prefix(n)
  }

  /// Forward for evaluation; the result lies in one of the workspace's buffers.
  func evaluate(_ x: Tensor, workspace: Workspace) throws -> Tensor {
    let n = x.shape.images
    copyIntoFrame(x)
    let z = try unsafe convolution.evaluateConvolution(framed.prefix(n), into: workspace.buffers[0])
    let y = unsafe Tensor(workspace.buffers[1], output.prefix(n).shape, output.precision)
    unsafe engine.maxPool(z, normalizing: convolution.norm.affine, into: y, argmax: argmax)
    return y
  }

  /// Replaces the parameters' gradients. Nobody needs the gradient by the images.
  func backward(_ dy: Tensor, workspace: Workspace, pass: Pass) throws {
    let z = convolution.z(dy.shape.images)
    let dz = unsafe Tensor(workspace.free(but: dy)[0], z.shape, z.precision)
    unsafe engine.maxPoolBackward(dy, argmax: argmax, into: dz)
    engine.run(convolution.norm.reduction(mask: .normalized(convolution.norm.affine), z: z), on: dz)
    try convolution.backward(dz, dz: dz, x: framed.prefix(dy.shape.images), dx: nil, pass: pass)
  }

  private func copyIntoFrame(_ x: Tensor) {
    let (height, row) = (x.shape.height, x.shape.width * x.shape.channels)
    let framedRow = framed.shape.width * framed.shape.channels
    engine.threads.split(x.shape.images * height) { _, rows in
      for y in rows {
        let line = y / height * framed.shape.height + y % height + Self.frame
        let to = unsafe framed.memory + (line * framedRow + Self.frame * x.shape.channels) * framed.precision.bytes
        unsafe engine.convert(x.data + y * row, into: to, framed.precision, count: row)
      }
    }
  }
}
