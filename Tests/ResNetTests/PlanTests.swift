import Compute
import Testing

@testable import ResNet

/// How many threads share the network's convolutions, counted without computing anything.
@Suite struct PlanTests {
  private struct Layer {
    let name: String
    /// Of forward, the gradient by the filter, and that by the input, which images do not need.
    let plans: [ProductPlan]
  }

  /// - Parameter images: of the rank.
  private func layers(_ kernels: Kernels, _ precision: Precision, threads: Int, images: Int) -> [Layer] {
    let engine = Engine(kernels: kernels, threads: Threads(counting: threads), precision: precision)
    let parts = BatchParts(batch: images, parts: 8, rank: 0, worldSize: 1)
    return Architecture.resnet50.convolutions(imageSize: 128).map {
      Layer(name: $0.name, plans: $0.plans(on: engine, parts))
    }
  }

  /// On sixteen threads nobody has to do much more than the mean, which is the whole network's arithmetic.
  @Test(arguments: Kernels.all.indices, Precision.allCases) func sixteenThreads(set: Int, precision: Precision) {
    let kernels = Kernels.all[set]
    for layer in layers(kernels, precision, threads: 16, images: 64) {
      for (product, plan) in zip(["forward", "weight gradient", "input gradient"], layer.plans) {
        // The stem's filter has 21 inputs a line, of which blocks of tiles take 32.
        let isPadded = layer.name == "conv1" && product == "weight gradient" && kernels.products(precision) == "tiles"
        #expect(plan.imbalance <= (isPadded ? 1.6 : 1.15), "\(layer.name), \(product)")
      }
    }
  }

  /// With any number of threads all that is needed is shared out, and more threads read less each.
  @Test func anyThreads() throws {
    let one = layers(Kernels.all[0], .fp32, threads: 1, images: 8)
    for threads in 1...64 {
      for (layer, alone) in zip(layers(Kernels.all[0], .fp32, threads: threads, images: 8), one) {
        for (plan, whole) in zip(layer.plans, alone.plans) {
          #expect(plan.operations == whole.operations)
          let shared = plan.shares.map(\.operations).reduce(0, +)
          #expect(shared >= plan.operations * 0.999_999, "\(layer.name), \(threads) threads")
          #expect(plan.bytes <= whole.bytes)
          #expect(plan.shares.count == threads && plan.imbalance > 0.999)
        }
      }
    }
  }
}
