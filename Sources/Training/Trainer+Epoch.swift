import Collectives
import Compute
import Inference
public import PlanetData
public import Recipes
import ResNet
import Runs
import Scores

extension Trainer {
  /// Trains and validates one epoch, from the step where it was left; then adds the table's row and saves the state.
  /// Returns false if stopped.
  func trainEpoch(_ learner: Learner, _ stage: Configuration.Stage) throws -> Bool {
    let (epoch, start) = (progress.epoch, ContinuousClock.now)
    let elapsed = { [progress] in progress.secondsInEpoch + (ContinuousClock.now - start).seconds }
    let isComplete = try trainSteps(learner, stage, elapsed: elapsed)
    try learner.completeUpdate()
    guard isComplete else { return try stop(learner, seconds: elapsed()) }
    let validation = try savingOnFailure(learner) {
      try learner.withResult {
        let outcome = try validate(learner)
        if case .finished(let predictions) = outcome { try keep(predictions, of: learner, in: stage) }
        return outcome
      }
    }
    guard case .finished(let predictions) = validation else { return try stop(learner, seconds: elapsed()) }
    let metrics = predictions.map { Metrics($0) }
    if let metrics, !metrics.loss.isFinite { throw TrainingError.notFinite(step: progress.optimizerStep) }
    let row = HistoryRow(
      stage: stage.name, epoch: epoch, trainLoss: progress.smoothedLoss.value ?? 0, metrics: metrics, seconds: elapsed()
    )
    if row.hasDiverged(isLast: epoch + 1 == stage.epochs) {
      throw TrainingError.diverged(stage: stage.name, epoch: epoch, loss: max(row.trainLoss, metrics?.loss ?? 0))
    }
    progress.history.append(row)
    (progress.epoch, progress.stepInEpoch, progress.secondsInEpoch) = (epoch + 1, 0, 0)
    try verifyReplicas("weights after epoch \(epoch) of \(stage.name)")
    try save(learner)
    try communicator.onRoot { try history.write(progress.history) }
    onEvent(.epochDone(row))
    return true
  }

  /// Makes the steps of an epoch that are left. Returns false if stopped.
  private func trainSteps(_ learner: Learner, _ stage: Configuration.Stage, elapsed: () -> Double) throws -> Bool {
    let epoch = progress.epoch
    let before = rows(of: stage).map(\.seconds).reduce(0, +)
    let loader = loader(stage, epoch: epoch, from: progress.stepInEpoch)
    var last = ContinuousClock.now
    while let batch = try nextBatch(of: loader, for: learner) {
      let step = epoch * stepsPerEpoch + progress.stepInEpoch
      let control = try learner.step(batch, step: step, stop: shouldStop(), saves: saveClock.isDue())
      progress.smoothedLoss.add(control.loss)
      progress.stepInEpoch += 1
      progress.optimizerStep = learner.optimizer.step
      let now = ContinuousClock.now
      let record = StepRecord(
        stage: stage.name, epoch: epoch, step: step, loss: control.loss, smoothLoss: progress.smoothedLoss.value ?? 0,
        lr: control.hyperparameters.rates, momentum: control.hyperparameters.momentum,
        imagesPerSecond: Double(configuration.batchSize) / max(1e-9, (now - last).seconds),
        accumulatedSeconds: before + elapsed())
      last = now
      if communicator.rank == 0 { log.add(record) }
      onEvent(.stepDone(record, stepsPerEpoch: stepsPerEpoch))
      if control.stop { return false }
      if control.saves {
        progress.secondsInEpoch = elapsed()
        try save(learner, inBackground: true)
      }
    }
    return true
  }

  /// This rank's next batch; nil at the epoch's end. An image that cannot be read ends training on all ranks.
  private func nextBatch(of loader: BatchLoader, for learner: Learner) throws -> Batch? {
    try learner.stopwatch.time(\.data) {
      try savingOnFailure(learner) { try communicator.agree { try loader.next() } }
    }
  }

  /// Evaluates the network on the validation images.
  func validate(_ learner: Learner) throws -> Evaluation.Outcome {
    let evaluation = Evaluation(network: learner.network, worker: worker)
    return try learner.stopwatch.time(\.validation) {
      try evaluation.predictions(dataset.valid, of: dataset, stop: shouldStop)
    }
  }

  /// Keeps the predictions for the stage's end. With `keep_best` only if they are the stage's best, and the weights too.
  private func keep(_ predictions: Predictions?, of learner: Learner, in stage: Configuration.Stage) throws {
    if let best = learner.best {
      guard let predictions, Metrics(predictions).fbeta > (bestFbeta(of: stage) ?? -1) else { return }
      try best.copy()
    }
    self.predictions = predictions
  }

  /// This rank's batches of an epoch, from one of its steps on.
  public func loader(_ stage: Configuration.Stage, epoch: Int, from step: Int = 0) -> BatchLoader {
    let plan = configuration.plan(stage, epoch: epoch, images: dataset.train)
    let batches = plan.batches(
      globalBatch: configuration.batchSize, rank: communicator.rank, worldSize: communicator.size)
    return BatchLoader(
      Array(batches[min(step, batches.count)...]), of: dataset.images, labels: dataset.labels.count, size: stage.size,
      augmentation: plan.augmentation(of:), threads: worker.loaderThreads)
  }

  /// Does work that, if it fails, fails on all ranks together. Then it saves what is trained so far before it throws.
  private func savingOnFailure<T>(_ learner: Learner, _ work: () throws -> T) throws -> T {
    do {
      return try work()
    } catch {
      do { try save(learner) } catch let failure { onEvent(.note(.lost(reason: RunError.lost(failure)))) }
      throw error
    }
  }

  private func stop(_ learner: Learner, seconds: Double) throws -> Bool {
    progress.secondsInEpoch = seconds
    try save(learner)
    return false
  }

  /// Saves the training state.
  ///
  /// - Parameter inBackground: whether training goes on while the file is written. Why it could not be is then thrown by the
  ///   next call.
  func save(_ learner: Learner, inBackground: Bool = false) throws {
    try learner.completeUpdate()
    // Replicas are equal, so all ranks find the same. A useless state must not replace the last good one.
    guard unsafe allFinite(parameters.values), unsafe allFinite(parameters.runningStatistics)
    else { throw TrainingError.notFinite(step: progress.optimizerStep) }
    progress.phases = learner.stopwatch.phases
    let run = SavedRun(
      progress: progress, configuration: configuration, labels: dataset.labels, fingerprint: dataset.fingerprint,
      data: origin, rounding: worker.rounding)
    let before = Result { try backgroundSave.finish() }
    let copy = try TrainingState.copy(
      run, learner, keepers: Set([0, secondCopy?.keeper ?? 0]), communicator: communicator)
    try communicator.agree {
      try before.get()
      // The log goes first: a step that is in the state has its line there.
      if communicator.rank == 0 { try log.flush() }
      guard let copy else { return }
      if inBackground { backgroundSave.begin(copy, to: statePaths) } else { try copy.write(to: statePaths) }
    }
    saveClock.restart()
  }

  /// Where this rank saves the state.
  var statePaths: [String] {
    (communicator.rank == 0 ? [folder.state] : []) + (secondCopy?.run.map { [$0.folder.state] } ?? [])
  }

  /// Throws unless the replicas are equal to the bit: if they are not, a host, the network or this program is broken.
  func verifyReplicas(_ what: String) throws {
    var value = unsafe hash(parameters.values)
    if configuration.batchNorm == .sync { value = unsafe value &* 31 &+ hash(parameters.runningStatistics) }
    do {
      try communicator.verifyIdentical(value, what: what)
    } catch CommunicationError.different(let what, let ranks, _) {
      throw TrainingError.replicasDiffer(what: what, ranks: ranks)
    }
  }
}

extension HistoryRow {
  /// Logits would have to be in the ten thousands for such a loss, where a network that works has them below a hundred.
  private static let diverged = 1e4

  /// Whether the network is ruined. The validation loss alone decides only in a stage's last epoch: in the first ones the
  /// running statistics lag behind the weights, and it may be as large and recover.
  func hasDiverged(isLast: Bool) -> Bool {
    trainLoss > Self.diverged || isLast && (metrics?.loss ?? 0) > Self.diverged
  }
}
