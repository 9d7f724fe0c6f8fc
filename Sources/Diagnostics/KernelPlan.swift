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
    shapes.map { convolution, count in
      let plans = convolution.plans(on: engine, parts).map(KernelPlan.Product.init)
      return KernelPlan(
        name: convolution.name, count: count, shape: Self.describe(convolution), forward: plans[0],
        inputGradient: convolution.hasInputGradient ? plans[2] : nil, weightGradient: plans[1])
    }
  }
}
