import Collectives
import Foundation
import Inference
import PlanetData
import Recipes
import Runs
import Scores

extension Trainer {
  /// Ends a stage: saves its network and its result, tells of them, and moves the progress to the next stage. Returns
  /// false if stopped before.
  func finish(_ stage: Configuration.Stage, _ index: Int, _ learner: Learner) throws -> Bool {
    try learner.settle()
    guard case .finished(let predictions) = try predictions.map({ .finished($0) }) ?? validate(learner) else {
      try save(learner)
      return false
    }
    noteChoices(stage, learner)
    if let predictions, progress.epoch > 0 { noteBaseline(Metrics(predictions).fbeta) }
    let path = folder.model(stage.name)
    let waiting = try communicator.allGather(learner.stopwatch.waitingShare)
    let images = progress.epoch * stepsPerEpoch * configuration.batchSize
    try communicator.onRoot {
      try log.flush()
      try history.write(progress.history)  // a stage of no epochs has not done so
      try ModelFile.write(
        parameters, labels: dataset.labels, stage: stage, configuration: configuration, origin: origin, to: path)
      let result = StageResult(
        stage: stage, configuration: configuration, dataset: dataset, predictions: predictions,
        phases: learner.stopwatch.phases, waiting: waiting, images: images, machine: machine)
      try result.write(to: folder.result(stage.name))
    }
    try copyModel(of: stage)
    onEvent(.stageDone(stage, path: path, phases: learner.stopwatch.phases, images: images))
    progress = Progress(stage: index + 1, history: progress.history)
    if index + 1 == configuration.stages.count {
      for path in statePaths { try? FileManager.default.removeItem(atPath: path) }
    }
    return true
  }

  /// Saves the stage's network a second time, where that is asked for.
  private func copyModel(of stage: Configuration.Stage) throws {
    guard let secondCopy else { return }
    let origin = try communicator.fromRoot { self.origin }
    try communicator.agree {
      guard let path = secondCopy.run?.folder.model(stage.name) else { return }
      try ModelFile.write(
        parameters, labels: dataset.labels, stage: stage, configuration: configuration, origin: origin, to: path)
    }
  }

  private func noteBaseline(_ fbeta: Double) {
    guard communicator.rank == 0 else { return }
    let baseline = Baseline(dataset)
    guard fbeta < baseline.fbeta else { return }
    onEvent(.note(.belowBaseline(fbeta: fbeta, baseline: "\(baseline)")))
  }

  private func noteChoices(_ stage: Configuration.Stage, _ learner: Learner) {
    if progress.epoch < stage.epochs {
      onEvent(.note(.stoppedEarly(epoch: progress.epoch - 1)))
    }
    if learner.best != nil, let best = rows(of: stage).max(by: { $0.metrics?.fbeta ?? 0 < $1.metrics?.fbeta ?? 0 }) {
      onEvent(.note(.keptBest(epoch: best.epoch)))
    }
  }
}
