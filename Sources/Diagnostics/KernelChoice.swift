import Collectives
import Compute
public import Inference
import ResNet

/// A convolution's time by each set of kernels that this CPU has and that is meant to be fast, with and without Winograd's
/// products: what the choice that stands in the source (`pd_sets`, `prefers_winograd`) is to be compared with.
public struct KernelChoice: Codable, Sendable {
  public struct Candidate: Codable, Sendable {
    /// "AVX-512 BF16".
    public let set: String
    /// "floats", "pairs" of bf16, pairs in "tiles".
    public let products: String
    public let winograd: Bool
    /// Of forward and both gradients, the least of the repetitions each.
    public let milliseconds: Double
    /// Whether it is what this set does.
    public let isChosen: Bool
  }

  public let name: String
  /// How many of the network's convolutions have this shape.
  public let count: Int
  /// "32×32×64 → 256, 1×1".
  public let shape: String
  /// The fastest first.
  public let candidates: [Candidate]
}

extension KernelBenchmark {
  /// Times every candidate for each of the network's convolutions.
  ///
  /// - Throws: an error about memory.
  public func choose(worker: Worker, _ report: (KernelChoice) -> Void) throws {
    let engine = worker.engine
    try worker.communicator.checkMemory(
      evaluating: arch, images: batchSize, size: size, precision: engine.precision)
    for (convolution, count) in shapes {
      var candidates: [KernelChoice.Candidate] = []
      for kernels in Kernels.fast {
        let own = Engine(kernels: kernels, threads: engine.threads, precision: engine.precision)
        let chosen = convolution.convolver(on: own).isWinograd
        for winograd in [false, true] {
          let kernel = KernelCase(convolution, batch: batchSize, engine: own, winograd: winograd)
          guard kernel.isWinograd == winograd else { continue }
          var time = seconds(kernel.forward) + seconds(kernel.weightGradient)
          if convolution.hasInputGradient { time += seconds(kernel.inputGradient) }
          candidates.append(
            KernelChoice.Candidate(
              set: kernels.name, products: kernels.products(engine.precision), winograd: winograd,
              milliseconds: 1000 * time, isChosen: winograd == chosen))
        }
      }
      report(
        KernelChoice(
          name: convolution.name, count: count, shape: Self.describe(convolution),
          candidates: candidates.sorted { $0.milliseconds < $1.milliseconds }))
    }
  }
}
