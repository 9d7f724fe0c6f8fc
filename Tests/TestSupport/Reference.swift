import Foundation

/// The network's layers as naive loops in Double: slow, obvious, and what ours are compared with. Tensors are NHWC.
public enum Reference {
  /// `torch.nn.functional.conv2d` without bias; weights `[height, width, inputs, outputs]`.
  public static func convolution(
    _ x: [Double], images: Int, height: Int, width: Int, inputs: Int, weights: [Double],
    kernel: (height: Int, width: Int), outputs: Int, stride: Int, padding: (y: Int, x: Int)
  ) -> [Double] {
    let rows = (height + 2 * padding.y - kernel.height) / stride + 1
    let columns = (width + 2 * padding.x - kernel.width) / stride + 1
    var y: [Double] = []
    for n in 0..<images {
      for oy in 0..<rows {
        for ox in 0..<columns {
          var sums = [Double](repeating: 0, count: outputs)
          for ky in 0..<kernel.height {
            for kx in 0..<kernel.width {
              let (iy, ix) = (oy * stride + ky - padding.y, ox * stride + kx - padding.x)
              if iy < 0 || ix < 0 || iy >= height || ix >= width { continue }
              for i in 0..<inputs {
                let value = x[((n * height + iy) * width + ix) * inputs + i]
                let row = ((ky * kernel.width + kx) * inputs + i) * outputs
                for o in 0..<outputs { sums[o] += value * weights[row + o] }
              }
            }
          }
          y += sums
        }
      }
    }
    return y
  }

  /// Batch normalization in training mode over rows of `channels`.
  public static func batchNorm(_ z: [Double], gamma: [Double], beta: [Double], epsilon: Double = 1e-5) -> [Double] {
    let (mean, variance) = statistics(z, channels: gamma.count)
    return z.indices.map { i in
      let c = i % gamma.count
      return (z[i] - mean[c]) / (variance[c] + epsilon).squareRoot() * gamma[c] + beta[c]
    }
  }

  /// Mean and biased variance by channel.
  public static func statistics(_ z: [Double], channels: Int) -> (mean: [Double], variance: [Double]) {
    let count = Double(z.count / channels)
    var mean = [Double](repeating: 0, count: channels)
    var variance = mean
    for (i, value) in z.enumerated() { mean[i % channels] += value / count }
    for (i, value) in z.enumerated() {
      variance[i % channels] += (value - mean[i % channels]) * (value - mean[i % channels]) / count
    }
    return (mean, variance)
  }

  /// `torch.nn.MaxPool2d(3, 2, 1)`.
  public static func maxPool(_ x: [Double], images: Int, height: Int, width: Int, channels: Int) -> [Double] {
    var y: [Double] = []
    for n in 0..<images {
      for oy in 0..<(height - 1) / 2 + 1 {
        for ox in 0..<(width - 1) / 2 + 1 {
          for c in 0..<channels {
            var largest = -Double.infinity
            for iy in max(0, 2 * oy - 1)..<min(height, 2 * oy + 2) {
              for ix in max(0, 2 * ox - 1)..<min(width, 2 * ox + 2) {
                largest = max(largest, x[((n * height + iy) * width + ix) * channels + c])
              }
            }
            y.append(largest)
          }
        }
      }
    }
    return y
  }

  /// fastai's `AdaptiveConcatPool2d(1)`: maxima, then means.
  public static func concatPool(_ x: [Double], images: Int, pixels: Int, channels: Int) -> [Double] {
    (0..<images).flatMap { n in
      let columns = (0..<channels).map { c in (0..<pixels).map { x[(n * pixels + $0) * channels + c] } }
      return columns.map { $0.max() ?? 0 } + columns.map { $0.reduce(0, +) / Double(pixels) }
    }
  }

  /// `x Wᵀ + b`.
  public static func linear(_ x: [Double], weights: [Double], bias: [Double]) -> [Double] {
    let inputs = weights.count / bias.count
    return (0..<x.count / inputs).flatMap { n in
      bias.indices.map { o in (0..<inputs).reduce(bias[o]) { $0 + x[n * inputs + $1] * weights[o * inputs + $1] } }
    }
  }
}

/// The gradient by `x` of Σ dy·f(x), by central differences in Double, at the elements `picked` (all where nil).
public func numericGradient(
  of f: ([Double]) -> [Double], at x: [Double], dy: [Double], step: Double = 1e-5, picked: [Int]? = nil
) -> [Double] {
  (picked ?? Array(x.indices)).map { i in
    var (low, high) = (x, x)
    low[i] -= step
    high[i] += step
    return zip(zip(f(high), f(low)), dy).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 } / (2 * step)
  }
}

/// `count` reproducible numbers in [-0.5, 0.5).
public func values(_ count: Int, seed: Int) -> [Float] {
  (0..<count).map { formula(seed, $0) }
}

/// Element i of tensor k: a number in [-0.5, 0.5) any language can compute (SplitMix64). Golden files use it too.
public func formula(_ k: Int, _ i: Int) -> Float {
  var z = UInt64(k) << 32 &+ UInt64(i) &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
  return Float((z ^ z >> 31) >> 40) * 0x1p-24 - 0.5
}

extension Sequence where Element == Float {
  /// The same numbers in Double.
  public var doubles: [Double] { map(Double.init) }
}
