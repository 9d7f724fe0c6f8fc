public import Collectives
import Compute
import Foundation
public import PlanetData
public import Recipes
public import Runs
import Synchronization
public import Training

/// Runs `body` on `size` ranks, threads of this process, and returns their results in rank order.
public func onRanks<R: Sendable>(_ size: Int, _ body: @escaping @Sendable (Communicator) throws -> R) throws -> [R] {
  try Communicator.onThreads(size, body).map { try $0.get() }
}

/// A small synthetic dataset, and folders for runs on it, removed at the end.
public final class Fixture {
  public let folder = NSTemporaryDirectory() + "planet-dist-\(UUID().uuidString)"
  public let dataset: Dataset

  public init(count: Int = 20, validPct: Double = 0.2) throws {
    try SyntheticSample.write(to: folder + "/data", count: count, size: 40)
    dataset = try Dataset(DataLocation(data: folder + "/data"), validPct: validPct)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  public func run(_ name: String) -> RunFolder { RunFolder(folder + "/" + name) }

  /// Two short stages at 32×32.
  public static func configuration(epochs: Int = 2) -> Configuration {
    var configuration = Configuration(stages: [
      .init(name: "stage-1-rn50", index: 0, size: 32, frozen: true, learningRates: [1e-4, 1e-4, 1e-3], epochs: epochs),
      .init(
        name: "stage-2-rn50", index: 1, size: 32, frozen: false, learningRates: [1e-5, 3e-5, 1e-4], epochs: epochs),
    ])
    configuration.batchSize = 8
    return configuration
  }

  /// Trains on `ranks` ranks of one thread each; `stopAt` asks rank 0 to stop when asked for the n-th time.
  public func train(
    _ configuration: Configuration = Fixture.configuration(), in run: RunFolder, ranks: Int = 1,
    from start: Start = .random,
    stopAt: Int? = nil
  ) throws -> TrainingResult {
    let dataset = self.dataset
    let results = try onRanks(ranks) { communicator in
      let asked = Mutex(0)
      let recorder = Recorder()
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: run, communicator: communicator,
        engine: Engine(kernels: Kernels.all[0], threads: Threads(1)), reporter: recorder,
        shouldStop: {
          asked.withLock { $0 += 1 }
          return communicator.rank == 0 && stopAt.map { stop in asked.withLock { $0 >= stop } } ?? false
        })
      let outcome = try trainer.run(from: start)
      return TrainingResult(outcome: outcome, rows: recorder.rows, steps: recorder.steps, notes: recorder.notes)
    }
    return results[0]
  }
}

/// What rank 0 saw of a training.
public struct TrainingResult: Sendable {
  public let outcome: Trainer.Outcome
  public let rows: [HistoryRow]
  public let steps: [StepRecord]
  public let notes: [String]
}

/// Keeps what it is told.
public final class Recorder: Reporter {
  public init() {}
  public var rows: [HistoryRow] = []
  public var steps: [StepRecord] = []
  public var notes: [String] = []
  public func stageBegan(_ stage: Configuration.Stage, step: Int, stepsPerEpoch: Int) {}
  public func stepDone(_ record: StepRecord, stepsPerEpoch: Int) { steps.append(record) }
  public func epochDone(_ row: HistoryRow) { rows.append(row) }
  public func note(_ text: String) { notes.append(text) }
  public func stageDone(_ stage: Configuration.Stage, path: String, phases: Phases, images: Int) {}
}
