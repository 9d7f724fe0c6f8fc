import Collectives
import Compute
import PlanetData
import ResNet

extension Trainer {
  /// One epoch from where it was left: training, validation, the table's row, the state. Returns false if stopped.
  func trainEpoch(_ learner: Learner, _ stage: Configuration.Stage) throws -> Bool {
    let seed = configuration.seed(of: stage)
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
    if let metrics, !metrics.loss.isFinite { throw TrainingError.notFinite(step: progress.optimizerStep) }
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

  private func save(_ learner: Learner) throws {
    // Replicas are equal, so all ranks find the same, and a state that is of no use never replaces one that is.
    guard allFinite(parameters.values), allFinite(parameters.runningStatistics)
    else { throw TrainingError.notFinite(step: progress.optimizerStep) }
    let run = SavedRun(
      progress: progress, configuration: configuration, labels: dataset.labels, fingerprint: dataset.fingerprint)
    try TrainingState.write(run, learner, communicator: communicator, to: folder.state)
  }

  /// Replicas are equal to the bit, or something is broken: a host, the network, or this program.
  func verifyReplicas(_ what: String) throws {
    var value = hash(parameters.values)
    if configuration.batchNorm == .sync { value = value &* 31 &+ hash(parameters.runningStatistics) }
    try communicator.verifyIdentical(
      value, what: what,
      advice:
        "Replicas must never differ: suspect that host's memory or network. --resume continues from the last saved epoch."
    )
  }
}
