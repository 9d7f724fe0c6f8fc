import Compute

/// Initial values.
extension Parameters {
  /// PyTorch's defaults for batch normalization, zeros for biases and, for filters and linear weights, normal values of
  /// variance 2/fan: fan_out in the body (torchvision's ResNets), fan_in in the head (fastai's `init_default` with
  /// `kaiming_normal_`, recipe §4).
  ///
  /// Values depend on the seed and the tensor's place in the list alone.
  public func initialize(seed: UInt64) {
    for (place, parameter) in all.enumerated() {
      let values = unsafe UnsafeMutableBufferPointer(start: value(parameter.name), count: parameter.range.count)
      switch parameter.kind {
      case .bias: unsafe values.update(repeating: 0)
      case .batchNorm, .statistic:
        let isOne = parameter.name.hasSuffix(".weight") || parameter.name.hasSuffix(".running_var")
        unsafe values.update(repeating: isOne ? 1 : 0)
      case .convolution, .linear:
        let fan =
          parameter.kind == .linear ? parameter.shape[1] : parameter.shape[0] * parameter.shape[2] * parameter.shape[3]
        let deviation = (2 / Float(fan)).squareRoot()
        var random = RandomSource(seed: seed, purpose: .parameters, place, 0)
        for i in values.indices { unsafe values[i] = deviation * random.normal() }
      }
    }
  }
}
