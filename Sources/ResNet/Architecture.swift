public import Compute

/// ResNet-50 (He et al., arXiv:1512.03385) in its v1.5 form, as torchvision's `resnet50`: a bottleneck's stride lies on
/// its 3×3 convolution. Above it fastai's head (recipe §4).
public enum Architecture {
  /// A stage of bottlenecks.
  public struct Stage: Sendable {
    public let name: String
    public let blocks: Int
    /// Channels inside a bottleneck; four times as many leave it.
    public let width: Int
    public let stride: Int
    public let group: Int
  }

  public static let stages = [
    Stage(name: "layer1", blocks: 3, width: 64, stride: 1, group: 0),
    Stage(name: "layer2", blocks: 4, width: 128, stride: 2, group: 0),
    Stage(name: "layer3", blocks: 6, width: 256, stride: 2, group: 1),
    Stage(name: "layer4", blocks: 3, width: 512, stride: 2, group: 1),
  ]
  /// What batch normalization adds to the variance, as `torch.nn.BatchNorm2d` does by default.
  public static let epsilon = 1e-5
  static let stemWidth = 64
  static let features = 2048
  static let hidden = 512
  /// The layer group of the head.
  public static let headGroup = 2

  /// A convolution as it is computed, for images of one size.
  public struct Convolution: Sendable {
    public let name: String
    /// The batch normalization after it.
    let norm: String
    /// The layer group.
    let group: Int
    /// Of one image.
    public let input: Shape
    public let outputs: Int
    public let kernel: (height: Int, width: Int)
    public let stride: Int
    public let padding: (y: Int, x: Int)
    /// Pixels side by side that an element of the filter covers: 7 in the stem, see ``Stem``.
    public let span: Int

    /// Of one image: multiplications and additions, two for each element of the filter and each output, as a direct
    /// convolution needs them.
    public var flops: Double {
      let (height, width) = (
        (input.height + 2 * padding.y - kernel.height) / stride + 1,
        (input.width + 2 * padding.x - kernel.width - span + 1) / stride + 1
      )
      return 2 * Double(height * width * outputs * kernel.height * kernel.width * span * input.channels)
    }
  }

  /// Every convolution, in forward order.
  public static func convolutions(imageSize: Int) -> [Convolution] {
    var all = [
      Convolution(
        name: "conv1", norm: "bn1", group: 0, input: Shape(1, imageSize + 6, imageSize + 6, 3), outputs: stemWidth,
        kernel: (7, 1), stride: 2, padding: (0, 0), span: 7)
    ]
    var (size, inputs) = (((imageSize + 1) / 2 + 1) / 2, stemWidth)
    for stage in stages {
      for block in 0..<stage.blocks {
        func add(
          _ name: String, _ norm: String, _ size: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int
        ) {
          let block = "\(stage.name).\(block)"
          all.append(
            Convolution(
              name: "\(block).\(name)", norm: "\(block).\(norm)", group: stage.group,
              input: Shape(1, size, size, inputs), outputs: outputs,
              kernel: (kernel, kernel), stride: stride, padding: (kernel / 2, kernel / 2), span: 1))
        }
        let stride = block == 0 ? stage.stride : 1
        let after = (size - 1) / stride + 1
        add("conv1", "bn1", size, inputs, stage.width, kernel: 1, stride: 1)
        add("conv2", "bn2", size, stage.width, stage.width, kernel: 3, stride: stride)
        add("conv3", "bn3", after, stage.width, 4 * stage.width, kernel: 1, stride: 1)
        if block == 0 { add("downsample.0", "downsample.1", size, inputs, 4 * stage.width, kernel: 1, stride: stride) }
        (size, inputs) = (after, 4 * stage.width)
      }
    }
    return all
  }

  /// Operations of a step for one image: forward; in training also the gradients by all inputs but the images, and,
  /// unless frozen, by all filters (recipe §4.1).
  public static func flops(imageSize: Int, labels: Int, training: Bool, frozen: Bool) -> Double {
    let convolutions = convolutions(imageSize: imageSize).map(\.flops)
    let linear = 2 * Double(2 * features * hidden + hidden * labels)
    let forward = convolutions.reduce(linear, +)
    guard training else { return forward }
    return forward * 2 - convolutions[0] + (frozen ? linear : forward)
  }

  /// Calls `visit` with name, PyTorch shape, kind and layer group of every tensor, in forward order.
  static func forEachParameter(labels: Int, _ visit: (String, [Int], Parameter.Kind, Int) -> Void) {
    func batchNorm(_ name: String, _ channels: Int, _ group: Int) {
      visit("\(name).weight", [channels], .batchNorm, group)
      visit("\(name).bias", [channels], .batchNorm, group)
      visit("\(name).running_mean", [channels], .statistic, group)
      visit("\(name).running_var", [channels], .statistic, group)
    }
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
      visit("\(name).weight", [outputs, inputs], .linear, headGroup)
      visit("\(name).bias", [outputs], .bias, headGroup)
    }
    // The images' size does not matter here.
    for c in convolutions(imageSize: ResNet50.smallestImage) {
      let kernel = [c.kernel.height, c.kernel.width * c.span]
      visit("\(c.name).weight", [c.outputs, c.input.channels] + kernel, .convolution, c.group)
      batchNorm(c.norm, c.outputs, c.group)
    }
    batchNorm("head.2", 2 * features, headGroup)
    linear("head.4", 2 * features, hidden)
    batchNorm("head.6", hidden, headGroup)
    linear("head.8", hidden, labels)
  }
}
