import Compute

/// The first layers: 7×7 convolution of stride 2, normalization, ReLU, 3×3 max pooling of stride 2.
///
/// Images are copied into a frame of zeros, so that each of the filter's seven rows finds its 7·3 floats side by side:
/// seven taps of 21 floats rather than 49 of 3.
struct Stem {
  private let convolution: ConvolutionNorm
  private let framed: Tensor
  private let activated: Tensor
  private let output: Tensor
  private let which: UnsafeMutablePointer<UInt8>
  private let engine: Engine
  private static let frame = 3

  init(input: Shape, plan: Plan) {
    engine = plan.engine
    let border = 2 * Self.frame
    framed = plan.arena.tensor(Shape(input.images, input.height + border, input.width + border, input.channels))
    convolution = ConvolutionNorm(
      "conv1", norm: "bn1", input: framed.shape, outputs: Architecture.stemWidth, kernel: (7, 1), stride: 2,
      padding: (0, 0), span: 7, needsInputGradient: false, plan: plan)
    activated = plan.arena.tensor(convolution.output)
    let (height, width) = ((activated.shape.height - 1) / 2 + 1, (activated.shape.width - 1) / 2 + 1)
    output = plan.arena.tensor(Shape(input.images, height, width, Architecture.stemWidth))
    which = plan.arena.take(output.shape.count, of: UInt8.self)
    plan.reserveGradient(activated.shape)
  }

  /// The shape of the output for the largest batch.
  var outputShape: Shape { output.shape }

  func forward(_ x: Tensor, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    copyIntoFrame(x)
    try convolution.forward(framed.prefix(n), into: activated.prefix(n), pass: pass)
    engine.maxPool(activated.prefix(n), into: output.prefix(n), which: which)
    return output.prefix(n)
  }

  /// Replaces the parameters' gradients. Nobody needs the gradient by the images.
  func backward(_ dy: Tensor, workspace: Workspace, pass: Pass) throws {
    let n = dy.shape.images
    let free = workspace.gradients.filter { $0 != dy.data }
    let dActivated = Tensor(free[0], activated.prefix(n).shape)
    engine.maxPoolBackward(dy, which: which, into: dActivated)
    try convolution.backward(
      dActivated, maskedBy: activated.prefix(n), dz: dActivated, x: framed.prefix(n), dx: nil,
      scratch: workspace.scratch, pass: pass)
  }

  private func copyIntoFrame(_ x: Tensor) {
    let (height, row) = (x.shape.height, x.shape.width * x.shape.channels)
    let framedRow = framed.shape.width * framed.shape.channels
    engine.threads.split(x.shape.images * height) { _, rows in
      for y in rows {
        let line = y / height * framed.shape.height + y % height + Self.frame
        (framed.data + line * framedRow + Self.frame * x.shape.channels).update(from: x.data + y * row, count: row)
      }
    }
  }
}
