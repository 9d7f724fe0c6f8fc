import Compute

extension Architecture {
  /// Calls `visit` with name, PyTorch shape, kind and layer group of every tensor, in forward order.
  func forEachParameter(labels: Int, _ visit: (String, [Int], Parameter.Kind, Int) -> Void) {
    func batchNorm(_ name: String, _ channels: Int, _ group: Int) {
      visit("\(name).weight", [channels], .batchNorm, group)
      visit("\(name).bias", [channels], .batchNorm, group)
      visit("\(name).running_mean", [channels], .statistic, group)
      visit("\(name).running_var", [channels], .statistic, group)
    }
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
      visit("\(name).weight", [outputs, inputs], .linear, Self.headGroup)
      visit("\(name).bias", [outputs], .bias, Self.headGroup)
    }
    // The images' size does not matter here.
    for c in convolutions(imageSize: Self.smallestImage) {
      let kernel = [c.kernel.height, c.kernel.width * c.span]
      visit("\(c.name).weight", [c.outputs, c.input.channels] + kernel, .convolution, c.group)
      batchNorm(c.norm, c.outputs, c.group)
    }
    batchNorm("head.2", 2 * features, Self.headGroup)
    linear("head.4", 2 * features, Self.hidden)
    batchNorm("head.6", Self.hidden, Self.headGroup)
    linear("head.8", Self.hidden, labels)
  }

  /// Bytes of a network's weights and running statistics, but for the last layer, which depends on the labels. Gradients,
  /// and each of the optimizer's moments, take as many.
  public var weightBytes: Int {
    var count = 0
    forEachParameter(labels: 0) { _, shape, _, _ in count += shape.reduce(1, *) }
    return count * MemoryLayout<Float>.size
  }
}
