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

  /// All tensors of a network of `labels` outputs, in forward order, one after the other: those that are trained, and the
  /// statistics.
  func parameters(labels: Int) -> (trainable: [Parameter], statistics: [Parameter]) {
    var (trainable, statistics): ([Parameter], [Parameter]) = ([], [])
    func append(_ name: String, _ shape: [Int], _ kind: Parameter.Kind, _ group: Int, to list: inout [Parameter]) {
      let start = list.last?.range.upperBound ?? 0
      let range = start..<start + shape.reduce(1, *)
      list.append(Parameter(name: name, shape: shape, kind: kind, group: group, range: range))
    }
    forEachParameter(labels: labels) { name, shape, kind, group in
      if kind == .statistic {
        append(name, shape, kind, group, to: &statistics)
      } else {
        append(name, shape, kind, group, to: &trainable)
      }
    }
    return (trainable, statistics)
  }

  /// Bytes of a network's weights and running statistics, but for the last layer, which depends on the labels. Each of the
  /// optimizer's moments takes as many.
  public var weightBytes: Int {
    let (trainable, statistics) = parameters(labels: 0)
    return [trainable, statistics].compactMap(\.last?.range.upperBound).reduce(0, +) * MemoryLayout<Float>.size
  }

  /// Bytes of the gradients that a rank has at a time: of a bucket.
  public var gradientBytes: Int {
    let buckets = GradientBucket.cut(parameters(labels: 0).trainable, room: nil)
    return (buckets.map(\.count).max() ?? 0) * MemoryLayout<Float>.size
  }
}
