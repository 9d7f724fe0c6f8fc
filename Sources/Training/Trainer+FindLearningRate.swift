import Collectives
import Compute
import Inference
import Recipes
public import Runs

extension Trainer {
  /// The learning rate range test before the configuration's first stage, on its batches. Trains and saves nothing.
  ///
  /// - Parameters:
  ///   - start: where the weights come from, not `.resume`.
  ///   - progress: told each point, on rank 0.
  /// - Returns: the same on every rank.
  public func findLearningRate(
    _ finder: LRFinder, from start: Start, progress: (LRCurve.Point) -> Void = { _ in }
  ) throws -> LRCurve {
    let stage = configuration.stages[0]
    // Weights and moments are put back afterwards.
    try communicator.checkMemory(
      training: configuration, size: stage.size, precision: worker.engine.precision,
      copies: 1 + Recipe.optimizer.floatsPerWeight)
    try load(start)
    let learner = try Learner(
      replica, stage: stage, configuration: configuration, steps: finder.numIt, worker: worker)
    return try finder.run(
      learner, communicator: communicator, loader: { loader(stage, epoch: $0) },
      progress: { if communicator.rank == 0 { progress($0) } })
  }
}
