import Compute

/// A network's tensors under PyTorch's names, shapes and layout.
extension Parameters {
  /// One tensor as PyTorch stores it.
  public func exported(_ parameter: Parameter) -> [Float] { unsafe Self.exported(value(parameter.name), as: parameter) }

  /// Sets one tensor from PyTorch's layout.
  public func load(_ values: [Float], into parameter: Parameter) {
    precondition(values.count == parameter.range.count, "\(values.count) values for \(parameter.name)")
    let stored = unsafe value(parameter.name)
    guard parameter.kind == .convolution else {
      return unsafe stored.update(from: values, count: values.count)
    }
    let (outputs, inputs, taps) = (parameter.shape[0], parameter.shape[1], parameter.shape[2] * parameter.shape[3])
    unsafe values.withUnsafeBufferPointer { values in
      for tap in 0..<taps {
        for input in 0..<inputs {
          let row = unsafe stored + (tap * inputs + input) * outputs
          for output in 0..<outputs { unsafe row[output] = values[(output * inputs + input) * taps + tap] }
        }
      }
    }
  }

  /// The gradient of one parameter in PyTorch's layout.
  package func exportedGradient(_ parameter: Parameter) -> [Float] {
    unsafe Self.exported(gradient(parameter.name), as: parameter)
  }

  // A filter [height, width, inputs, outputs] becomes [outputs, inputs, height, width].
  private static func exported(_ stored: UnsafePointer<Float>, as parameter: Parameter) -> [Float] {
    guard parameter.kind == .convolution else {
      return unsafe Array(UnsafeBufferPointer(start: stored, count: parameter.range.count))
    }
    let (outputs, inputs, taps) = (parameter.shape[0], parameter.shape[1], parameter.shape[2] * parameter.shape[3])
    return unsafe [Float](unsafeUninitializedCapacity: outputs * inputs * taps) { values, count in
      for tap in 0..<taps {
        for input in 0..<inputs {
          let row = unsafe stored + (tap * inputs + input) * outputs
          for output in 0..<outputs { unsafe values[(output * inputs + input) * taps + tap] = row[output] }
        }
      }
      count = outputs * inputs * taps
    }
  }
}
