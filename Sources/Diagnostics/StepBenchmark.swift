import Collectives
import Compute
public import Inference
import PlanetData
public import Recipes
public import ResNet
import Runs
import Training

/// Times full training steps, or evaluations, on made-up images: what the network and its averaging cost, without data.
public struct StepBenchmark: Sendable {
  public struct Result: Codable, Sendable {
    /// Over all ranks, by the median step.
    public let imagesPerSecond: Double
    /// Billions of operations a second, over all ranks, counted as in direct convolutions; see
    /// ``Architecture/flops(imageSize:labels:training:frozen:)``.
    public let gflops: Double
    /// The part of the peak that is reached: of what the ranks' threads do on registers alone.
    public let fractionOfPeak: Double
    /// Milliseconds of the mean step on rank 0, waiting included, by phase. Empty for evaluation.
    public let milliseconds: [String: Double]
    /// The same of all ranks, working apart from waiting.
    public let phases: [Phase]
    /// Memory of the ranks of a host after the steps, what they share counted once (Pss), in GB; of the host with the most.
    public let hostGigabytes: Double
  }

  /// A part of a step, in milliseconds.
  public struct Phase: Codable, Sendable {
    public let name: String
    /// What the rank that works longest works, and which that is.
    public let working: Double
    public let slowestRank: Int
    /// What the ranks wait for others in it, on average.
    public let waiting: Double
  }

  /// The network.
  public var arch = Recipe.arch
  /// Side of the images.
  public var size = 128
  /// Images of a step, over all ranks.
  public var batchSize = 64
  /// Whether the body is frozen, as in a first stage.
  public var frozen = false
  /// Time the forward pass of evaluation instead.
  public var evaluation = false
  /// Parts of a batch by which to sum over it.
  public var virtualRanks = Recipe.virtualRanks
  public var steps = 5

  public init() {}

  /// Makes two steps to warm up, then those that are timed. Collective.
  public func run(worker: Worker) throws -> Result {
    let (communicator, engine) = (worker.communicator, worker.engine)
    if evaluation {
      let largest = EpochOrder.largestShare(of: batchSize, worldSize: communicator.size)
      try communicator.checkMemory(evaluating: arch, images: largest, size: size, precision: engine.precision)
    }
    let stage = Configuration.Stage(
      name: "benchmark", index: 0, size: size, frozen: frozen, learningRates: [1e-5, 1e-5, 1e-5], epochs: 1)
    var configuration = Configuration(stages: [stage])
    (configuration.arch, configuration.batchSize, configuration.virtualRanks) = (arch, batchSize, virtualRanks)
    if !evaluation {
      try communicator.checkMemory(training: configuration, size: size, precision: engine.precision)
    }
    let replica = try Replica(labels: 17, architecture: arch, among: communicator)
    if communicator.rank == 0 { replica.parameters.initialize(seed: 1) }
    try replica.broadcast()
    let learner = try Learner(
      replica, stage: stage, configuration: configuration, steps: steps + 2, worker: worker)
    let batch = images(EpochOrder.share(of: batchSize, rank: communicator.rank, worldSize: communicator.size))
    unsafe batch.withImages { _ = unsafe learner.network.images.floats.update(fromContentsOf: $0) }
    var times: [Duration] = []
    for step in 0..<steps + 2 {
      if step == 2 { (learner.stopwatch.phases, learner.stopwatch.waiting) = (Phases(), Phases()) }
      try communicator.barrier()
      let start = ContinuousClock.now
      if evaluation {
        _ = try learner.network.forward(count: batch.count, pass: .evaluation)
      } else {
        _ = try learner.step(batch, step: step, stop: false)
      }
      try communicator.barrier()
      if step >= 2 { times.append(ContinuousClock.now - start) }
    }
    try learner.completeUpdate()
    let peak = try communicator.sum([engine.peakFlops()])[0]
    let imagesPerSecond = Double(batchSize) / times.sorted()[steps / 2].seconds
    let flops =
      imagesPerSecond
      * arch.flops(imageSize: size, labels: replica.parameters.labels, training: !evaluation, frozen: frozen)
    let names = learner.stopwatch.phases.training.map { ($0.name, milliseconds($0.duration)) }
    return Result(
      imagesPerSecond: imagesPerSecond, gflops: flops / 1e9, fractionOfPeak: flops / peak,
      milliseconds: evaluation ? [:] : Dictionary(uniqueKeysWithValues: names),
      phases: evaluation ? [] : try phases(learner.stopwatch, communicator),
      hostGigabytes: try HostMemory.gigabytes(communicator))
  }

  /// Of a mean step.
  private func milliseconds(_ duration: Duration) -> Double { duration.seconds * 1000 / Double(steps) }

  /// Collective.
  private func phases(_ stopwatch: Stopwatch, _ communicator: Communicator) throws -> [Phase] {
    return try zip(stopwatch.phases.training, stopwatch.waiting.training).map { phase, waiting in
      let working = try communicator.allGather(milliseconds(phase.duration - waiting.duration))
      let waited = try communicator.sum([milliseconds(waiting.duration)])[0] / Double(communicator.size)
      let longest = working.max() ?? 0
      return Phase(
        name: phase.name, working: longest, slowestRank: working.firstIndex(of: longest) ?? 0, waiting: waited)
    }
  }

  private func images(_ indices: Range<Int>) -> Batch {
    var random = RandomSource(seed: 1, purpose: .synthetic, indices.lowerBound, 0)
    let targets = (0..<indices.count * 17).map { _ in random.uniform() > 0.8 ? Float(1) : 0 }
    return unsafe Batch(Array(indices), targets: targets, size: size) { pixels in
      for i in pixels.indices { unsafe pixels[i] = random.uniform(-2, 2) }
    }
  }
}
