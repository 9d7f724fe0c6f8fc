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
  /// Room for the sums of each thread, and for their total with a count behind it.
  private let sums: UnsafeMutablePointer<Double>
  private let engine: Engine

  init(_ name: String, channels: Int, parameters: Parameters, engine: Engine, arena: Arena) {
    self.channels = channels
    self.engine = engine
    unsafe gamma = parameters.value("\(name).weight")
    unsafe beta = parameters.value("\(name).bias")
    unsafe gammaGradient = parameters.gradient("\(name).weight")
    unsafe betaGradient = parameters.gradient("\(name).bias")
    unsafe runningMean = parameters.value("\(name).running_mean")
    unsafe runningVariance = parameters.value("\(name).running_var")
    affine = unsafe Affine(scale: arena.allocate(channels), shift: arena.allocate(channels))
    unsafe (mean, inverseDeviation) = (arena.allocate(channels), arena.allocate(channels))
    unsafe (slope, dyMean) = (arena.allocate(channels), arena.allocate(channels))
    unsafe sums = arena.allocate(engine.threads.count * 2 * channels + 1, of: Double.self)
  }

  /// The pass over z that ``fit(rows:pass:)`` must follow in training.
  func statistics() -> RowPass {
    clearSums()
    return unsafe .statistics(channels: channels, sums: sums)
  }

  /// Computes ``affine``: in training from what ``statistics()`` summed over this many rows, updating the running
  /// statistics; else from the running statistics.
  func fit(rows: Int, pass: Pass) throws {
    guard pass.training else {
      for c in 0..<channels {
        unsafe transform(
          c, mean: runningMean[c],
          inverseDeviation: Float(1 / (Double(runningVariance[c]) + Architecture.epsilon).squareRoot())
        )
      }
      return
    }
    addThreads()
    let count = try unsafe addRanks(rows: rows, sum: pass.sumOverRanks)
    for c in 0..<channels {
      let mean = unsafe sums[c] / count
      let variance = unsafe max(0, sums[channels + c] / count - mean * mean)
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
    clearSums()
    return unsafe .reduce(mask: mask, z: z, mean: mean, sums: sums)
  }

  /// The pass that computes the gradient by z from `dy`; where that is nil, in place, from the tensor the pass runs on.
  /// Replaces the parameters' gradients.
  func gradient(_ dy: Tensor? = nil, z: Tensor, pass: Pass) throws -> RowPass {
    addThreads()
    for c in 0..<channels {  // this rank's part of the gradients: they are averaged with all others later
      unsafe betaGradient[c] = Float(sums[c])
      unsafe gammaGradient[c] = Float(sums[channels + c]) * inverseDeviation[c]
    }
    let count = try unsafe addRanks(rows: z.shape.rows, sum: pass.sumOverRanks)
    for c in 0..<channels {
      unsafe dyMean[c] = Float(sums[c] / count)
      unsafe slope[c] = -affine.scale[c] * inverseDeviation[c] * inverseDeviation[c] * Float(sums[channels + c] / count)
    }
    return unsafe .gradient(dy, by: Affine(scale: affine.scale, shift: dyMean), z: z, slope: slope, mean: mean)
  }

  private func clearSums() { unsafe sums.update(repeating: 0, count: engine.threads.count * 2 * channels + 1) }

  // Adds the threads' sums to those of the first.
  private func addThreads() {
    for i in 2 * channels..<2 * engine.threads.count * channels { unsafe sums[i % (2 * channels)] += sums[i] }
  }

  /// Adds the other ranks' sums. Returns the number of rows summed over.
  private func addRanks(rows: Int, sum: Pass.Sum?) throws -> Double {
    unsafe sums[2 * channels] = Double(rows)
    try unsafe sum?(UnsafeMutableBufferPointer(start: sums, count: 2 * channels + 1))
    return unsafe sums[2 * channels]
  }
}
