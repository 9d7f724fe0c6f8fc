import Compute

/// `y = x Wᵀ + b`, as `torch.nn.Linear`.
@safe struct Linear {
  private let weight: UnsafeMutablePointer<Float>
  private let bias: UnsafeMutablePointer<Float>
  private let weightGradient: UnsafeMutablePointer<Float>
  private let biasGradient: UnsafeMutablePointer<Float>
  private let product: Convolver
  private let engine: Engine
  private let scratch: Scratch

  init(_ name: String, inputs: Int, outputs: Int, plan: MemoryPlan) {
    let parameters = plan.parameters
    (engine, scratch) = (plan.engine, plan.scratch)
    unsafe weight = parameters.value("\(name).weight")
    unsafe bias = parameters.value("\(name).bias")
    unsafe weightGradient = parameters.gradient("\(name).weight")
    unsafe biasGradient = parameters.gradient("\(name).bias")
    // y = x Wᵀ is also the gradient by the input of a 1×1 convolution of `outputs` channels into `inputs`.
    product = Convolver(
      kernel: (1, 1), inputs: outputs, outputs: inputs, stride: 1, padding: (0, 0), image: (1, 1),
      engine: Engine(kernels: plan.engine.kernels, threads: plan.engine.threads), scratch: plan.scratch)
  }

  /// x `[N, inputs]`, y `[N, outputs]`. Evaluating, an image's result has the same bits in every batch: our kernels see
  /// to that, while OpenBLAS's tiles add up differently depending on where in a matrix a row lies.
  func forward(_ x: Tensor, into y: Tensor, pass: Pass) {
    if pass.training {
      unsafe MatrixMultiply(pass.parts(of: x.shape.images), on: engine).forward(x, weight, into: y)
    } else {
      unsafe product.inputGradient(dy: x, weights: weight, into: y)
    }
    let outputs = y.shape.channels
    for n in 0..<y.shape.images {
      for o in 0..<outputs { unsafe y.data[n * outputs + o] += bias[o] }
    }
  }

  /// Replaces dx and the parameters' gradients.
  func backward(_ dy: Tensor, x: Tensor, into dx: Tensor, pass: Pass) {
    let product = MatrixMultiply(pass.parts(of: x.shape.images), on: engine)
    unsafe product.weightGradient(dy, x, into: weightGradient, scratch: scratch)
    unsafe product.biasGradient(dy, into: biasGradient, scratch: scratch)
    unsafe product.inputGradient(dy, weight, into: dx)
  }
}
