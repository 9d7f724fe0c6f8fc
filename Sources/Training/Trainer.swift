public import Collectives
import Compute
import Files
import Foundation
public import Inference
public import PlanetData
public import Recipes
import ResNet
public import Runs
import Scores

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
  let worker: Worker
  let onEvent: (TrainingEvent) -> Void
  /// For results and reports: hosts, ranks, threads, instruction set.
  let machine: String
  let shouldStop: () -> Bool
  var saveClock: SaveClock
  /// Where the state and the networks are kept a second time; nil for nowhere.
  let secondCopy: SecondCopy?
  let backgroundSave = BackgroundSave()
  let replica: Replica
  var progress = Progress()
  /// The data that saved weights were trained on; on rank 0 with those from before this run.
  var origin: DataOrigin
  var history: History
  var log: StepLog
  /// What the network that the stage will end with predicts for the validation images: the last epoch's, or with
  /// `keep_best` the best's. The same on every rank; nil until an epoch has been validated since the stage began or resumed.
  var predictions: Predictions?

  /// - Parameters:
  ///   - onEvent: called on rank 0.
  ///   - machine: described for people, as results repeat it.
  ///   - saveEvery: how often the state is saved within an epoch; rank 0's counts.
  ///   - saveCopy: a folder where the state and the networks are saved, too, by a rank of another host if there is one: a run
  ///     folder that another run can resume from.
  ///   - shouldStop: whether this rank was asked to stop; asked in every step.
  /// - Throws: ``TrainingError`` if the data are too small for the configuration; `CommunicationError` if ranks differ in
  ///   configuration or data.
  public init(
    _ configuration: Configuration, dataset: Dataset, folder: RunFolder, worker: Worker, machine: String = "",
    saveEvery: SaveInterval = .standard, saveCopy: String? = nil, onEvent: @escaping (TrainingEvent) -> Void = { _ in },
    shouldStop: @escaping () -> Bool = { StopSignals.isSet }
  ) throws {
    let communicator = worker.communicator
    self.configuration = configuration
    self.dataset = dataset
    self.folder = folder
    self.worker = worker
    self.onEvent = worker.communicator.rank == 0 ? onEvent : { _ in }
    (self.machine, self.shouldStop) = (machine, shouldStop)
    saveClock = SaveClock(saveEvery)
    let obstacles = configuration.obstacles(
      train: dataset.train.count, valid: dataset.valid.count, labels: dataset.labels.count, ranks: communicator.size)
    try communicator.agree { if let obstacle = obstacles.first { throw obstacle } }
    secondCopy = try saveCopy.map { try SecondCopy($0, among: communicator) }
    for stage in configuration.stages {
      try communicator.checkMemory(
        training: configuration, size: stage.size, precision: worker.engine.precision,
        keepsState: communicator.rank == 0 || secondCopy?.keeper == communicator.rank)
    }
    var options = Fingerprint()
    options.add(String(decoding: try configuration.encoded(), as: UTF8.self))
    try communicator.verifyIdentical(options.value, what: "options")
    try communicator.verifyIdentical(dataset.fingerprint, what: "data")
    try communicator.verifySameImages(dataset.images)
    replica = try Replica(labels: dataset.labels.count, architecture: configuration.arch, among: communicator)
    origin = DataOrigin(dataset, configuration)
    log = StepLog(path: folder.log)
    history = History(path: folder.history, stages: configuration.stages.map(\.name))
  }

  var communicator: Communicator { worker.communicator }
  var parameters: Parameters { replica.parameters }
  /// Which other runs compute the same bits.
  public var repeats: Repeats {
    Repeats(
      configuration, ranks: communicator.size, isShared: replica.isShared,
      hostsAreAlike: communicator.hosts * communicator.slices == communicator.size)
  }
  var stepsPerEpoch: Int { dataset.train.count / configuration.batchSize }

  /// Trains all stages that are not done yet.
  ///
  /// - Returns: the same on every rank.
  public func run(from start: Start) throws -> Outcome {
    // Whatever ends it, a state that is being written is not cut off.
    defer { try? backgroundSave.finish() }
    if communicator.sharesMemory, !replica.isShared, communicator.size > 1 {
      onEvent(.note(.sharesTooLittle(reason: communicator.sharingProblem ?? "none to be had")))
    }
    var state = try prepare(start)
    StopSignals.saveFirst()
    for index in progress.stage..<configuration.stages.count {
      let stage = configuration.stages[index]
      let learner = try Learner(
        replica, stage: stage, configuration: configuration, steps: max(1, stage.epochs * stepsPerEpoch),
        worker: worker)
      if let saved = state {
        try TrainingState.load(saved.run, saved.file, into: learner, communicator: communicator)
        state = nil
      }
      try verifyReplicas("weights before \(stage.name)")
      let step = progress.epoch * stepsPerEpoch + progress.stepInEpoch
      onEvent(.stageBegan(stage, step: step, stepsPerEpoch: stepsPerEpoch))
      predictions = nil
      learner.stopwatch.resume(progress.phases)
      while progress.epoch < stage.epochs && !stopsEarly(stage) {
        guard try trainEpoch(learner, stage) else { return .stopped }
      }
      guard try finish(stage, index, learner) else { return .stopped }
    }
    return .finished
  }

  /// The rows of a stage's epochs so far.
  func rows(of stage: Configuration.Stage) -> [HistoryRow] { progress.history.filter { $0.stage == stage.name } }

  /// The highest fbeta of a stage's epochs so far.
  func bestFbeta(of stage: Configuration.Stage) -> Double? { rows(of: stage).compactMap(\.metrics?.fbeta).max() }

  private func stopsEarly(_ stage: Configuration.Stage) -> Bool {
    guard let stopping = configuration.earlyStopping else { return false }
    return stopping.stops(after: rows(of: stage).compactMap(\.metrics?.fbeta))
  }
}
