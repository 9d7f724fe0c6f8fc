import CKernels

extension Engine {
  /// Copies floats into memory of `count` values of a precision, rounding them.
  public func convert(
    _ floats: UnsafePointer<Float>, into values: UnsafeMutableRawPointer, _ precision: Precision, count: Int
  ) {
    kernels.table(precision).pointee.narrow(floats, values, count)
  }

  /// One AdamW step as fastai applies it (recipe §5): `w *= 1 − wd·lr`, then `torch.optim.Adam`'s update with both
  /// bias corrections taken from the current betas.
  ///
  /// - Parameter step: t, counted from 1.
  public func adamW(
    weights: UnsafeMutableBufferPointer<Float>, gradients: UnsafeMutableBufferPointer<Float>,
    firstMoments: UnsafeMutableBufferPointer<Float>, secondMoments: UnsafeMutableBufferPointer<Float>, step: Int,
    learningRate: Double, betas: (Double, Double), epsilon: Double = 1e-8, weightDecay: Double
  ) {
    guard let w = weights.baseAddress, let g = gradients.baseAddress, let m = firstMoments.baseAddress,
      let v = secondMoments.baseAddress
    else { return }
    let decay = Float(1 - weightDecay * learningRate)
    let stepSize = Float(learningRate / (1 - power(betas.0, step)))
    let correction = Float((1 - power(betas.1, step)).squareRoot())
    threads.split(weights.count, unit: Threads.vectorUnit) { _, part in
      let i = part.lowerBound
      kernels.set.pointee.adamw(
        w + i, g + i, m + i, v + i, part.count, Float(betas.0), Float(betas.1), Float(epsilon), decay, stepSize,
        correction)
    }
  }

  /// Moves an average towards new values: `average += share · (values - average)`.
  public func approach(
    _ values: UnsafeMutableBufferPointer<Float>, share: Double, in average: UnsafeMutableBufferPointer<Float>
  ) {
    guard let a = average.baseAddress, let x = values.baseAddress else { return }
    precondition(values.count == average.count, "\(values.count) values, \(average.count) averages")
    threads.split(values.count, unit: Threads.vectorUnit) { _, part in
      pd_approach(a + part.lowerBound, x + part.lowerBound, part.count, Float(share))
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, n) = (1.0, base, exponent)
    while n > 0 {
      if n & 1 == 1 { result *= factor }
      factor *= factor
      n >>= 1
    }
    return result
  }
}

/// A 64-bit hash of floats' bits: equal arrays hash equally, others almost certainly not.
public func hash(_ floats: UnsafeMutableBufferPointer<Float>) -> UInt64 {
  guard let start = floats.baseAddress else { return 0 }
  return pd_hash(start, floats.count)
}

/// Whether none of the floats is infinite or not a number.
public func allFinite(_ floats: UnsafeMutableBufferPointer<Float>) -> Bool {
  guard let start = floats.baseAddress else { return true }
  return pd_all_finite(start, floats.count) == 1
}
