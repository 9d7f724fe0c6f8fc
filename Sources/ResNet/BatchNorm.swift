import Compute

/// Batch normalization over the rows of a tensor, by channel (Ioffe and Szegedy, arXiv:1502.03167), as
/// `torch.nn.SyncBatchNorm`: statistics are those of all ranks' images together wherever the pass sums over ranks.
///
/// It holds one step's statistics between forward and backward. What it is fused with (the convolution before it, ReLU
/// and the residual after it) is its owner's business: it hands out the passes and coefficients.
@safe struct BatchNorm {
  static let momentum: Float = 0.1

  let channels: Int
  private let gamma: UnsafeMutablePointer<Float>
  private let beta: UnsafeMutablePointer<Float>
  private let gammaGradient: UnsafeMutablePointer<Float>
  private let betaGradient: UnsafeMutablePointer<Float>
  private let runningMean: UnsafeMutablePointer<Float>
  private let runningVariance: UnsafeMutablePointer<Float>

  /// What normalizes z and transforms it.
  let affine: Affine
  /// The mean ``fit(rows:pass:)`` found, and 1/√(variance + ε).
  let mean: UnsafeMutablePointer<Float>
  private let inverseDeviation: UnsafeMutablePointer<Float>
  // Backward's coefficients: dz = scale·(dy − dyMean) + slope·(z − mean).
  private let slope: UnsafeMutablePointer<Float>
  private let dyMean: UnsafeMutablePointer<Float>
  private let sums: PieceSums
  /// Their total, and a count behind it.
  private let total: UnsafeMutablePointer<Double>
  private let engine: Engine

  /// - Parameters:
  ///   - shape: of what is normalized, for the largest batch.
  ///   - sums: memory for sums between a pass and ``fit(_:pass:)`` or ``gradient(_:z:pass:)`` after it.
  init(_ name: String, of shape: Shape, sums: PieceSums, plan: MemoryPlan) {
    let (parameters, arena) = (plan.parameters, plan.arena)
    channels = shape.channels
    engine = plan.engine
    self.sums = sums
    sums.reserve(for: shape)
    unsafe gamma = parameters.value("\(name).weight")
    unsafe beta = parameters.value("\(name).bias")
    unsafe gammaGradient = parameters.gradient("\(name).weight")
    unsafe betaGradient = parameters.gradient("\(name).bias")
    unsafe runningMean = parameters.value("\(name).running_mean")
    unsafe runningVariance = parameters.value("\(name).running_var")
    affine = unsafe Affine(scale: arena.allocate(channels), shift: arena.allocate(channels))
    unsafe (mean, inverseDeviation) = (arena.allocate(channels), arena.allocate(channels))
    unsafe (slope, dyMean) = (arena.allocate(channels), arena.allocate(channels))
    unsafe total = arena.allocate(2 * channels + 1, of: Double.self)
  }

  /// The pass over z that ``fit(_:pass:)`` must follow in training.
  func statistics(of z: Tensor) -> RowPass { .statistics(of: z.shape, sums: sums) }

  /// Computes ``affine``: in training from what ``statistics(of:)`` summed over z, updating the running statistics; else
  /// from the running statistics.
  func fit(_ z: Tensor?, pass: Pass) throws {
    guard pass.training, let z else {
      for c in 0..<channels {
        unsafe transform(
          c, mean: runningMean[c],
          inverseDeviation: Float(1 / (Double(runningVariance[c]) + Architecture.epsilon).squareRoot())
        )
      }
      return
    }
    let count = try addUp(z.shape, pass)
    for c in 0..<channels {
      let mean = unsafe total[c] / count
      let variance = unsafe max(0, total[channels + c] / count - mean * mean)
      transform(c, mean: Float(mean), inverseDeviation: Float(1 / (variance + Architecture.epsilon).squareRoot()))
      // Unbiased variance for the running average, biased for normalizing: PyTorch does both (torch.nn.BatchNorm2d).
      let unbiased = Float(variance * count / max(1, count - 1))
      unsafe runningMean[c] += Self.momentum * (Float(mean) - runningMean[c])
      unsafe runningVariance[c] += Self.momentum * (unbiased - runningVariance[c])
    }
  }

  private func transform(_ c: Int, mean: Float, inverseDeviation: Float) {
    unsafe self.mean[c] = mean
    unsafe self.inverseDeviation[c] = inverseDeviation
    unsafe affine.scale[c] = gamma[c] * inverseDeviation
    unsafe affine.shift[c] = beta[c] - mean * affine.scale[c]
  }

  /// The pass over dy, the gradient by the normalized output, that ``gradient(_:z:pass:)`` must follow. It first masks dy
  /// as the ReLU behind the normalization did.
  func reduction(mask: RowPass.Mask, z: Tensor) -> RowPass {
    unsafe .reduce(mask: mask, z: z, mean: mean, sums: sums)
  }

  /// The pass that computes the gradient by z from `dy`; where that is nil, in place, from the tensor the pass runs on.
  /// Replaces the parameters' gradients: those of all ranks' images, wherever the pass sums over ranks.
  func gradient(_ dy: Tensor? = nil, z: Tensor, pass: Pass) throws -> RowPass {
    let count = try addUp(z.shape, pass)
    let given: Float = pass.givesCommonGradients ? 1 : 0
    for c in 0..<channels {
      unsafe betaGradient[c] = given * Float(total[c])
      unsafe gammaGradient[c] = given * Float(total[channels + c]) * inverseDeviation[c]
      unsafe dyMean[c] = Float(total[c] / count)
      unsafe slope[c] =
        -affine.scale[c] * inverseDeviation[c] * inverseDeviation[c] * Float(total[channels + c] / count)
    }
    return unsafe .gradient(dy, by: Affine(scale: affine.scale, shift: dyMean), z: z, slope: slope, mean: mean)
  }

  /// Adds up what a pass over a tensor of this shape summed, over all ranks. Returns the number of rows summed over.
  private func addUp(_ shape: Shape, _ pass: Pass) throws -> Double {
    unsafe sums.total(shape, pass.parts(of: shape.images), into: total, on: engine.threads)
    unsafe total[2 * channels] = Double(shape.rows)
    try unsafe pass.sumOverRanks?(UnsafeMutableBufferPointer(start: total, count: 2 * channels + 1))
    return unsafe total[2 * channels]
  }
}
