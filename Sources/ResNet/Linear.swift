import Compute

/// `y = x Wᵀ + b`, as `torch.nn.Linear`.
struct Linear {
  private let weight: UnsafeMutablePointer<Float>
  private let bias: UnsafeMutablePointer<Float>
  private let weightGradient: UnsafeMutablePointer<Float>
  private let biasGradient: UnsafeMutablePointer<Float>

  init(_ name: String, parameters: Parameters) {
    weight = parameters.value("\(name).weight")
    bias = parameters.value("\(name).bias")
    weightGradient = parameters.gradient("\(name).weight")
    biasGradient = parameters.gradient("\(name).bias")
  }

  /// x `[N, inputs]`, y `[N, outputs]`. Evaluating, an image's result does not depend on its batch.
  func forward(_ x: Tensor, into y: Tensor, training: Bool) {
    MatrixMultiply.forward(x, weight, into: y, rowByRow: !training)
    let outputs = y.shape.channels
    for n in 0..<y.shape.images {
      for o in 0..<outputs { y.data[n * outputs + o] += bias[o] }
    }
  }

  /// Replaces dx and the parameters' gradients.
  func backward(_ dy: Tensor, x: Tensor, into dx: Tensor) {
    MatrixMultiply.weightGradient(dy, x, into: weightGradient)
    let outputs = dy.shape.channels
    biasGradient.update(repeating: 0, count: outputs)
    for n in 0..<dy.shape.images {
      for o in 0..<outputs { biasGradient[o] += dy.data[n * outputs + o] }
    }
    MatrixMultiply.inputGradient(dy, weight, into: dx)
  }
}
