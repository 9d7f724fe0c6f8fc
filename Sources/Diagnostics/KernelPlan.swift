public import Compute
import ResNet

/// How threads would share each of the network's convolutions, without computing anything.
public struct KernelPlan: Codable, Sendable {
  public struct Product: Codable, Sendable {
    /// By how much the thread that has most to multiply, padding of tiles included, exceeds the mean of what is needed.
    public let imbalance: Double
    /// Of activations and packed weights, each counted once, that the thread reads which reads most.
    public let bytes: Double

    init(_ plan: ProductPlan) { (imbalance, bytes) = (plan.imbalance, plan.bytes) }
  }

  public let name: String
  /// How many of the network's convolutions have this shape.
  public let count: Int
  /// "32×32×64 → 256, 1×1".
  public let shape: String
  public let forward: Product
  /// Nil for the first layer: images need no gradient.
  public let inputGradient: Product?
  public let weightGradient: Product
}

extension KernelBenchmark {
  /// - Parameter parts: of this rank's images, by which filters' gradients are summed.
  public func plan(engine: Engine, parts: BatchParts) -> [KernelPlan] {
    let images = parts.images.last?.upperBound ?? 0
    return shapes.map { c, count in
      let convolver = Convolver(
        kernel: c.kernel, span: c.span, inputs: c.span * c.input.channels, outputs: c.outputs, stride: c.stride,
        padding: c.padding, image: (c.input.height, c.input.width), engine: engine, scratch: Scratch(engine.threads))
      let x = Shape(images, c.input.height, c.input.width, c.input.channels)
      // 3×3 convolutions' inputs are normalized on their way in; those of others are stored, or make no difference.
      let isNormalized = c.span == 1 && c.kernel.height > 1
      return KernelPlan(
        name: c.name, count: count, shape: Self.describe(c),
        forward: .init(convolver.forwardPlan(x, isNormalized: isNormalized)),
        inputGradient: c.span == 1 ? .init(convolver.inputGradientPlan(x)) : nil,
        weightGradient: .init(convolver.weightGradientPlan(x, parts)))
    }
  }
}
