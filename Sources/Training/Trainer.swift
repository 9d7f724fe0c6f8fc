public import Collectives
public import Compute
import Foundation
public import PlanetData
import ResNet

/// Where the weights of a run's first stage come from.
public enum Start: Equatable, Sendable, CustomStringConvertible {
  /// A pretrained body under a new head.
  case pretrained(String)
  /// Random weights.
  case random
  /// A saved stage.
  case model(String)
  /// The state of an interrupted run.
  case resume

  public var description: String {
    switch self {
    case .pretrained(let path): "pretrained body \(path), new head"
    case .random: "random"
    case .model(let path): path
    case .resume: "those of the interrupted run"
    }
  }
}

/// Trains the stages of a configuration, one after the other, on all ranks. Every rank has one and calls ``run(from:)``.
///
/// Rank 0 alone reads and writes checkpoints and reports; decisions are taken on values all ranks share.
public final class Trainer {
  public enum Outcome: Equatable, Sendable {
    case finished
    /// Stopped by a signal, with the state saved.
    case stopped
  }

  let configuration: Configuration
  let dataset: Dataset
  let folder: RunFolder
  let communicator: Communicator
  private let engine: Engine
  private let loaderThreads: Int
  private let reporter: (any Reporter)?
  private let shouldStop: () -> Bool
  let parameters: Parameters
  var progress = Progress()
  private let history: History

  /// - Parameters:
  ///   - loaderThreads: threads that decode images while the network computes.
  ///   - reporter: used on rank 0.
  ///   - shouldStop: whether this rank was asked to stop; asked in every step.
  /// - Throws: ``TrainingError`` if the data are too small for the configuration; `CommunicationError` if ranks differ in
  ///   configuration or data.
  public init(
    _ configuration: Configuration, dataset: Dataset, folder: RunFolder, communicator: Communicator, engine: Engine,
    loaderThreads: Int = 1, reporter: (any Reporter)? = nil, shouldStop: @escaping () -> Bool = { StopSignals.isSet }
  ) throws {
    self.configuration = configuration
    self.dataset = dataset
    self.folder = folder
    self.communicator = communicator
    self.engine = engine
    self.loaderThreads = loaderThreads
    self.reporter = communicator.rank == 0 ? reporter : nil
    self.shouldStop = shouldStop
    let batch = configuration.batchSize
    guard dataset.train.count >= batch else {
      throw TrainingError.tooFewImages(train: dataset.train.count, batchSize: batch)
    }
    guard !dataset.labels.isEmpty else { throw TrainingError.noLabels }
    guard configuration.batchNorm == .sync || batch / communicator.size >= 2 else {
      throw TrainingError.tooFewPerRank(batchSize: batch, ranks: communicator.size)
    }
    for stage in configuration.stages { try Self.checkMemory(size: stage.size, batch: batch / communicator.size) }
    let options = try configuration.encoded().reduce(UInt64(0)) { ($0 &+ UInt64($1)) &* 0x100_0000_01B3 }
    try communicator.verifyIdentical(options, what: "options")
    try communicator.verifyIdentical(dataset.fingerprint, what: "data")
    parameters = Parameters(labels: dataset.labels.count)
    history = History(path: folder.history, stages: configuration.stages.map(\.name))
  }

  private var stepsPerEpoch: Int { dataset.train.count / configuration.batchSize }

  /// Trains all stages that are not done yet.
  ///
  /// - Returns: on every rank the same.
  public func run(from start: Start) throws -> Outcome {
    var state = try prepare(start)
    for index in progress.stage..<configuration.stages.count {
      let stage = configuration.stages[index]
      let learner = Learner(
        parameters, stage: stage, configuration: configuration,
        seed: configuration.seed(ofStage: Recipe.index(of: stage.name)),
        steps: max(1, stage.epochs * stepsPerEpoch), communicator: communicator, engine: engine)
      if let saved = state {
        try TrainingState.load(saved.run, saved.file, into: learner, communicator: communicator)
        state = nil
      }
      try verifyReplicas("weights before \(stage.name)")
      reporter?.stageBegan(stage, epoch: progress.epoch)
      let imagesBefore = imagesTrained
      while progress.epoch < stage.epochs {
        guard try trainEpoch(learner, stage) else { return .stopped }
      }
      try finish(stage, index, learner, images: imagesTrained - imagesBefore)
    }
    return .finished
  }

  /// Refuses what would end in the kernel's killing the rank: 2 KB for each pixel of its batch, as measured.
  static func checkMemory(size: Int, batch: Int) throws {
    let (needed, available) = (
      Double(size) * Double(size) * Double(batch) * 2048, Double(ProcessInfo.processInfo.physicalMemory)
    )
    guard needed < available else {
      throw TrainingError.tooLarge(gigabytes: Int(min(1e9, needed / 1e9)), available: Int(available / 1e9))
    }
  }

  private var imagesTrained: Int {
    (progress.epoch * stepsPerEpoch + progress.stepInEpoch) * configuration.batchSize
  }

  /// One epoch from where it was left: training, validation, the table's row, the state. Returns false if stopped.
  private func trainEpoch(_ learner: Learner, _ stage: Configuration.Stage) throws -> Bool {
    let seed = configuration.seed(ofStage: Recipe.index(of: stage.name))
    let (epoch, augment, start) = (progress.epoch, configuration.augment, ContinuousClock.now)
    let elapsed = { [progress] in progress.secondsInEpoch + (ContinuousClock.now - start).seconds }
    let order =
      configuration.shuffle ? EpochOrder(shuffling: dataset.train, seed: seed, epoch: epoch) : EpochOrder(dataset.train)
    let batches = order.batches(
      globalBatch: configuration.batchSize, rank: communicator.rank, worldSize: communicator.size)
    let loader = BatchLoader(
      Array(batches[min(progress.stepInEpoch, batches.count)...]), of: dataset.images, labels: dataset.labels.count,
      size: stage.size,
      augmentation: { augment ? .random(seed: seed, epoch: epoch, image: $0) : .identity }, threads: loaderThreads)
    while let batch = try learner.phases.time(
      \.data, { try savingOnFailure(learner) { try communicator.agree { try loader.next() } } })
    {
      let control = try learner.step(batch, step: epoch * stepsPerEpoch + progress.stepInEpoch, stop: shouldStop())
      progress.smoothedLoss.add(control.loss)
      progress.stepInEpoch += 1
      progress.optimizerStep = learner.optimizer.step
      reporter?.stepDone(
        epoch: epoch, step: progress.stepInEpoch, steps: stepsPerEpoch, loss: progress.smoothedLoss.value ?? 0)
      if control.stop { return try stop(learner, seconds: elapsed()) }
    }
    try learner.averageRunningStatistics()
    let evaluation = Evaluation(network: learner.network, communicator: communicator, loaderThreads: loaderThreads)
    let validation = try savingOnFailure(learner) {
      try evaluation.metrics(dataset.valid, of: dataset, stop: shouldStop)
    }
    guard case .finished(let metrics) = validation else { return try stop(learner, seconds: elapsed()) }
    let row = HistoryRow(
      stage: stage.name, epoch: epoch, trainLoss: progress.smoothedLoss.value ?? 0, metrics: metrics, seconds: elapsed()
    )
    progress.history.append(row)
    (progress.epoch, progress.stepInEpoch, progress.secondsInEpoch) = (epoch + 1, 0, 0)
    try verifyReplicas("weights after epoch \(epoch) of \(stage.name)")
    try save(learner)
    try communicator.agree { if communicator.rank == 0 { try history.write(progress.history) } }
    reporter?.epochDone(row)
    return true
  }

  /// Does work that fails on all ranks together, if at all: then what is trained so far is saved first.
  private func savingOnFailure<T>(_ learner: Learner, _ work: () throws -> T) throws -> T {
    do {
      return try work()
    } catch {
      try? save(learner)
      throw error
    }
  }

  private func stop(_ learner: Learner, seconds: Double) throws -> Bool {
    progress.secondsInEpoch = seconds
    try save(learner)
    return false
  }

  /// Saves the stage's network; then the state moves to the next stage, or goes.
  private func finish(_ stage: Configuration.Stage, _ index: Int, _ learner: Learner, images: Int) throws {
    let path = folder.model(stage.name)
    try communicator.agree {
      guard communicator.rank == 0 else { return }
      try ModelFile.write(parameters, labels: dataset.labels, stage: stage, configuration: configuration, to: path)
    }
    reporter?.stageDone(stage, path: path, phases: learner.phases, images: images)
    progress = Progress(stage: index + 1, history: progress.history)
    if index + 1 == configuration.stages.count, communicator.rank == 0 {
      try? FileManager.default.removeItem(atPath: folder.state)
    }
  }

  private func save(_ learner: Learner) throws {
    // Replicas are equal, so all ranks find the same, and a state that is of no use never replaces one that is.
    guard allFinite(parameters.values), allFinite(parameters.runningStatistics)
    else { throw TrainingError.notFinite(step: progress.optimizerStep) }
    let run = SavedRun(
      progress: progress, configuration: configuration, labels: dataset.labels, fingerprint: dataset.fingerprint)
    try TrainingState.write(run, learner, communicator: communicator, to: folder.state)
  }

  /// Replicas are equal to the bit, or something is broken: a host, the network, or this program.
  private func verifyReplicas(_ what: String) throws {
    var value = hash(parameters.values)
    if configuration.batchNorm == .sync { value = value &* 31 &+ hash(parameters.runningStatistics) }
    try communicator.verifyIdentical(
      value, what: what,
      advice:
        "Replicas must never differ: suspect that host's memory or network. --resume continues from the last saved epoch."
    )
  }
}
