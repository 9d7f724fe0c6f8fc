import Collectives
import Foundation
import PlanetData

extension Trainer {
  /// Ends a stage: saves its network and its result, tells of them, and moves the progress to the next stage. Returns
  /// false if stopped before.
  ///
  /// - Parameter images: how many were trained on since the stage began or resumed.
  func finish(_ stage: Configuration.Stage, _ index: Int, _ learner: Learner, images: Int) throws -> Bool {
    learner.settle()
    guard case .finished(let predictions) = try validation(learner) else { return false }
    noteChoices(stage, learner)
    let path = folder.model(stage.name)
    try communicator.agree {
      guard communicator.rank == 0 else { return }
      try log.flush()
      try ModelFile.write(parameters, labels: dataset.labels, stage: stage, configuration: configuration, to: path)
      let result = StageResult(
        stage: stage, configuration: configuration, dataset: dataset, predictions: predictions,
        phases: learner.phases, images: images, machine: machine)
      try result.write(to: folder.result(stage.name))
    }
    reporter?.stageDone(stage, path: path, phases: learner.phases, images: images)
    progress = Progress(stage: index + 1, history: progress.history)
    if index + 1 == configuration.stages.count, communicator.rank == 0 {
      try? FileManager.default.removeItem(atPath: folder.state)
    }
    return true
  }

  /// What the settled network says of the validation images; computed here only after a resumption that trained no
  /// further, or a stage of no epochs.
  private func validation(_ learner: Learner) throws -> Evaluation.Outcome {
    if let predictions { return .finished(predictions) }
    let evaluation = Evaluation(network: learner.network, communicator: communicator, loaderThreads: loaderThreads)
    return try evaluation.predictions(dataset.valid, of: dataset, stop: shouldStop)
  }

  private func noteChoices(_ stage: Configuration.Stage, _ learner: Learner) {
    if progress.epoch < stage.epochs {
      reporter?.note("stopped after epoch \(progress.epoch - 1): fbeta no longer grows")
    }
    if learner.best != nil, let best = rows(of: stage).max(by: { $0.metrics?.fbeta ?? 0 < $1.metrics?.fbeta ?? 0 }) {
      reporter?.note("kept the weights of epoch \(best.epoch), whose fbeta was the highest")
    }
  }
}
