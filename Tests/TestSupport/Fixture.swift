public import Collectives
public import Compute
import Foundation
public import Inference
public import PlanetData
public import Recipes
public import Runs
import Synchronization
public import Training

/// Runs `body` on `size` ranks, threads of this process, and returns their results in rank order.
///
/// - Parameter perHost: how many of them are as if on one host; all where nil.
public func onRanks<R: Sendable>(
  _ size: Int, perHost: Int? = nil, _ body: @escaping @Sendable (Communicator) throws -> R
) throws -> [R] {
  try Communicator.onThreads(size, ranksPerHost: perHost, body).map { try $0.get() }
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

  /// Trains on `ranks` ranks.
  ///
  /// - Parameters:
  ///   - stopAfter: when rank 0 is asked to stop; the step, or round of validation, that follows is the last.
  ///   - messages: whether ranks share no memory.
  public func train(
    _ configuration: Configuration = Fixture.configuration(), in run: RunFolder, ranks: Int = 1,
    perHost: Int? = nil, from start: Start = .random, stopAfter: Moment? = nil, messages: Bool = false,
    threads: Int = 1,
    precision: Precision = .fp32, kernels: Kernels = Kernels.all[0]
  ) throws -> TrainingResult {
    try onRanks(ranks, perHost: perHost) { [dataset] communicator in
      if messages { communicator.useMessages(inSegmentsOf: 512 << 10) }
      let recorder = Recorder()
      let stops = Atomic(false)
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: run,
        worker: slowWorker(communicator, threads: threads, precision: precision, kernels: kernels),
        onEvent: { event in
          recorder.record(event)
          if stopAfter?.is(event) == true { stops.store(true, ordering: .relaxed) }
        }, shouldStop: { stops.load(ordering: .relaxed) })
      let outcome = try trainer.run(from: start)
      return TrainingResult(outcome: outcome, rows: recorder.rows, steps: recorder.steps, notes: recorder.notes)
    }[0]
  }
}

/// A moment of a training run.
public enum Moment: Sendable {
  case began(String)
  /// A step of a stage is done; counted from 0 since the stage began.
  case step(String, Int)

  public func `is`(_ event: TrainingEvent) -> Bool {
    switch (self, event) {
    case (.began(let name), .stageBegan(let stage, _, _)): name == stage.name
    case (.step(let name, let step), .stepDone(let record, _)): name == record.stage && step == record.step
    default: false
    }
  }
}

/// A rank of few threads; with the best kernels, if no others are given.
public func slowWorker(
  _ communicator: Communicator, threads: Int = 1, precision: Precision = .fp32, kernels: Kernels = Kernels.all[0]
) -> Worker {
  Worker(communicator, Engine(kernels: kernels, threads: Threads(threads), precision: precision))
}

/// What rank 0 saw of a training.
public struct TrainingResult: Sendable {
  public let outcome: Trainer.Outcome
  public let rows: [HistoryRow]
  public let steps: [StepRecord]
  public let notes: [String]
}

/// Keeps what it is told.
public final class Recorder {
  public private(set) var rows: [HistoryRow] = []
  public private(set) var steps: [StepRecord] = []
  public private(set) var notes: [String] = []

  public init() {}

  public func record(_ event: TrainingEvent) {
    switch event {
    case .stepDone(let record, _): steps.append(record)
    case .epochDone(let row): rows.append(row)
    case .note(let note): notes.append("\(note)")
    case .stageBegan, .stageDone: break
    }
  }
}
