import Collectives
import Compute
public import Inference
import Recipes
public import ResNet

/// Times each convolution of the network, forward and both gradients, by itself: what the kernels reach.
public struct KernelBenchmark: Sendable {
  /// One convolution, or several alike.
  public struct Result: Codable, Sendable {
    public let name: String
    /// How many of the network's convolutions have this shape.
    public let count: Int
    /// "32×32×64 → 256, 1×1".
    public let shape: String
    /// GFLOP/s on all of the rank's threads, the best of the repetitions. Operations are counted as in a direct
    /// convolution, although Winograd's algorithm needs fewer.
    public let forward: Double
    /// Nil for the first layer: images need no gradient.
    public let inputGradient: Double?
    public let weightGradient: Double
    /// Billions of operations of one direct pass over the batch.
    public let gflop: Double
  }

  /// All of the network's convolutions together, in GFLOP/s.
  public struct Totals: Codable, Sendable {
    public let forward: Double
    public let inputGradient: Double
    public let weightGradient: Double

    public init(_ results: [Result]) {
      func total(_ speed: (Result) -> Double?) -> Double {
        let timed = results.compactMap { result in speed(result).map { (Double(result.count) * result.gflop, $0) } }
        return timed.reduce(0) { $0 + $1.0 } / timed.reduce(0) { $0 + $1.0 / $1.1 }
      }
      (forward, inputGradient) = (total(\.forward), total(\.inputGradient))
      weightGradient = total(\.weightGradient)
    }
  }

  public var arch = Recipe.arch
  public var size = 128
  public var batchSize = 64
  public var repetitions = 5

  public init() {}

  /// Checks a convolution against sums in Double, then times it, one after the other.
  ///
  /// - Throws: ``KernelBenchmarkError`` where a kernel computes something else.
  public func run(worker: Worker, _ report: (Result) -> Void) throws {
    let (communicator, engine) = (worker.communicator, worker.engine)
    // An evaluation of the whole network needs more than any one of its convolutions.
    try communicator.checkMemory(evaluating: arch, images: batchSize, size: size, precision: engine.precision)
    for (convolution, count) in shapes {
      let kernel = KernelCase(convolution, batch: batchSize, engine: engine)
      try communicator.agree { try kernel.verify() }
      report(time(kernel, of: convolution, count: count))
    }
  }

  /// The network's convolutions, one of each shape, and how many there are of it.
  var shapes: [(Architecture.Convolution, count: Int)] {
    let all = arch.convolutions(imageSize: size)
    var counts: [String: Int] = [:]
    for convolution in all { counts[Self.describe(convolution), default: 0] += 1 }
    return all.compactMap { convolution in
      counts.removeValue(forKey: Self.describe(convolution)).map { (convolution, $0) }
    }
  }

  private func time(_ kernel: KernelCase, of c: Architecture.Convolution, count: Int) -> Result {
    let gflop = c.flops * Double(batchSize) / 1e9
    let best = { (body: () -> Void) in gflop / seconds(body) }
    return Result(
      name: c.name, count: count, shape: Self.describe(c), forward: best(kernel.forward),
      inputGradient: c.hasInputGradient ? best(kernel.inputGradient) : nil, weightGradient: best(kernel.weightGradient),
      gflop: gflop)
  }

  /// The least of the repetitions' times.
  func seconds(_ body: () -> Void) -> Double {
    (0..<repetitions).map { _ in
      let start = ContinuousClock.now
      body()
      return (ContinuousClock.now - start).seconds
    }.min() ?? 0
  }

  static func describe(_ c: Architecture.Convolution) -> String {
    "\(c.input.height)×\(c.input.width)×\(c.input.channels) → \(c.outputs), "
      + "\(c.kernel.height)×\(c.kernel.width * c.span)" + (c.stride > 1 ? ", stride \(c.stride)" : "")
  }
}

public struct KernelBenchmarkError: Error, CustomStringConvertible {
  let what: String
  public var description: String { "The kernels are wrong: \(what). Please report it with your CPU's model." }
}
