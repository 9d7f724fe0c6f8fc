import Collectives
import Compute
public import Inference
public import Recipes
import Training

/// How fast this machine trains one stage: a step and an evaluation timed on made-up images.
public struct StageSpeed: Sendable {
  public let stage: Configuration.Stage
  /// Images a second over all ranks, in training and in evaluation; nil where not timed.
  public let training: Double?
  public let evaluation: Double?
  /// Why this machine cannot train it; nil if it can.
  public let problem: String?

  /// Finds out whether a recipe's stages fit into memory and, if `timed`, how fast they are. Of stages that cost the same
  /// one is timed. Collective.
  public static func measure(
    _ recipe: Configuration, timed: Bool, worker: Worker
  ) throws -> [StageSpeed] {
    var measured: [StageSpeed] = []
    let batchSize = recipe.batchSize
    for stage in recipe.stages {
      func speed(_ training: Double?, _ evaluation: Double?, _ problem: String?) -> StageSpeed {
        StageSpeed(stage: stage, training: training, evaluation: evaluation, problem: problem)
      }
      let alike = measured.filter { $0.stage.size == stage.size }
      if let same = alike.first(where: { $0.stage.frozen == stage.frozen }) {
        measured.append(speed(same.training, same.evaluation, same.problem))
      } else if let problem = try memoryProblem(stage.size, recipe, worker) {
        measured.append(speed(nil, nil, problem))
      } else if !timed {
        measured.append(speed(nil, nil, nil))
      } else {
        var benchmark = StepBenchmark()
        benchmark.arch = recipe.arch
        (benchmark.size, benchmark.batchSize, benchmark.frozen) = (stage.size, batchSize, stage.frozen)
        benchmark.steps = 2
        let training = try benchmark.run(worker: worker).imagesPerSecond
        benchmark.evaluation = true
        let evaluation =
          try alike.first?.evaluation ?? benchmark.run(worker: worker).imagesPerSecond
        measured.append(speed(training, evaluation, nil))
      }
    }
    return measured
  }

  /// Why a step does not fit into some host's memory, the same on every rank; nil if it fits into all.
  private static func memoryProblem(
    _ size: Int, _ recipe: Configuration, _ worker: Worker
  ) throws -> String? {
    do {
      try worker.communicator.checkMemory(training: recipe, size: size, precision: worker.engine.precision)
      return nil
    } catch let error as CommunicationError {
      switch error {
      case .tooLarge: return "\(error)"
      case .rankFailed(_, let message): return message
      default: throw error
      }
    }
  }

  /// Seconds of one epoch: its steps, and the validation after them.
  public func epochSeconds(train: Int, valid: Int, batchSize: Int) -> Double? {
    guard let training, let evaluation else { return nil }
    return Double(train / batchSize * batchSize) / training + Double(valid) / evaluation
  }
}
