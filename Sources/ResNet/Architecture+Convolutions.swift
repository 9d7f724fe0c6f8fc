public import Compute

extension Architecture {
  /// A convolution as it is computed, for images of one size.
  public struct Convolution: Sendable {
    public let name: String
    /// The batch normalization after it.
    let norm: String
    /// The layer group.
    let group: Int
    /// The input's shape for one image.
    public let input: Shape
    public let outputs: Int
    public let kernel: (height: Int, width: Int)
    public let stride: Int
    public let padding: (y: Int, x: Int)
    /// Pixels side by side that an element of the filter covers: 7 in the stem, see ``Stem``.
    public let span: Int

    /// The output's shape for one image.
    var output: Shape {
      Shape(
        1, (input.height + 2 * padding.y - kernel.height) / stride + 1,
        (input.width + 2 * padding.x - kernel.width - span + 1) / stride + 1, outputs)
    }

    /// Operations for one image: a multiplication and an addition for each element of the filter and each output, as a
    /// direct convolution needs them.
    public var flops: Double {
      2 * Double(output.count * kernel.height * kernel.width * span * input.channels)
    }

    /// Whether the gradient by its input is of use: images need none.
    public var hasInputGradient: Bool { span == 1 }

    /// Its arithmetic, with memory of its own.
    ///
    /// - Parameter winograd: whether to take Winograd's products where they apply; where nil if they are faster.
    public func convolver(on engine: Engine, winograd: Bool? = nil) -> Convolver {
      Convolver(
        kernel: kernel, span: span, inputs: span * input.channels, outputs: outputs, stride: stride, padding: padding,
        image: (input.height, input.width), engine: engine, scratch: Scratch(engine.threads), winograd: winograd)
    }

    /// How the engine's threads share its products in a step: forward, the gradient by the filter, and that by the input.
    ///
    /// - Parameter parts: of the rank's images, by which filters' gradients are summed.
    public func plans(on engine: Engine, _ parts: BatchParts) -> [ProductPlan] {
      var x = input
      x.images = parts.images.last?.upperBound ?? 0
      let convolver = convolver(on: engine)
      // 3×3 convolutions' inputs are normalized on their way in; those of others are stored, or make no difference.
      let forward = convolver.forwardPlan(x, isNormalized: span == 1 && kernel.height > 1)
      let gradient = hasInputGradient ? [convolver.inputGradientPlan(x)] : []
      return [forward, convolver.weightGradientPlan(x, parts)] + gradient
    }
  }

  /// Every convolution, in forward order.
  ///
  /// - Parameter imageSize: side of the images, in pixels.
  public func convolutions(imageSize: Int) -> [Convolution] {
    var all = [
      Convolution(
        name: "conv1", norm: "bn1", group: 0, input: Shape(1, imageSize + 6, imageSize + 6, 3),
        outputs: Self.stemWidth, kernel: (7, 1), stride: 2, padding: (0, 0), span: 7)
    ]
    var (size, inputs) = (((imageSize + 1) / 2 + 1) / 2, Self.stemWidth)
    for layer in layers {
      for block in 0..<layer.blocks {
        func add(
          _ name: String, _ norm: String, _ size: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int
        ) {
          let block = "\(layer.name).\(block)"
          all.append(
            Convolution(
              name: "\(block).\(name)", norm: "\(block).\(norm)", group: layer.group,
              input: Shape(1, size, size, inputs), outputs: outputs,
              kernel: (kernel, kernel), stride: stride, padding: (kernel / 2, kernel / 2), span: 1))
        }
        let stride = block == 0 ? layer.stride : 1
        let after = (size - 1) / stride + 1
        add("conv1", "bn1", size, inputs, layer.width, kernel: 1, stride: 1)
        add("conv2", "bn2", size, layer.width, layer.width, kernel: 3, stride: stride)
        add("conv3", "bn3", after, layer.width, 4 * layer.width, kernel: 1, stride: 1)
        if block == 0 { add("downsample.0", "downsample.1", size, inputs, 4 * layer.width, kernel: 1, stride: stride) }
        (size, inputs) = (after, 4 * layer.width)
      }
    }
    return all
  }

  /// Operations of a step for one image: forward; in training also the gradients by all inputs but the images, and,
  /// unless frozen, by all filters (recipe §4.1).
  public func flops(imageSize: Int, labels: Int, training: Bool, frozen: Bool) -> Double {
    let convolutions = convolutions(imageSize: imageSize).map(\.flops)
    let linear = 2 * Double(2 * features * Self.hidden + Self.hidden * labels)
    let forward = convolutions.reduce(linear, +)
    guard training else { return forward }
    return forward * 2 - convolutions[0] + (frozen ? linear : forward)
  }
}
