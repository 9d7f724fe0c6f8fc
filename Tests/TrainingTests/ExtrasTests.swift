import Checkpoints
import Collectives
import Compute
import Foundation
import PlanetData
import ResNet
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores
@testable import Training

/// What recipes can have beyond fastai's: averages, the best epoch, early stopping, mixup, smoothed labels.
@Suite(.serialized) struct ExtrasTests {
  private static let all: Configuration = {
    var c = Fixture.configuration()
    (c.mixup, c.labelSmoothing, c.ema, c.keepBest) = (0.4, 0.1, 0.9, true)
    return c
  }()

  /// All of them together, stopped in the middle and resumed: the same bits; also with statistics of each rank's own.
  @Test(arguments: [
    (Configuration.BatchNormScope.sync, 1, Moment.began("stage-2-rn50")), (.local, 2, .step("stage-1-rn50", 1)),
  ])
  func resumesToTheSameBits(batchNorm: Configuration.BatchNormScope, ranks: Int, stopAfter: Moment) throws {
    let fixture = try Fixture()
    var configuration = Self.all
    configuration.batchNorm = batchNorm
    let (whole, broken) = (fixture.run("whole"), fixture.run("broken"))
    #expect(try fixture.train(configuration, in: whole, ranks: ranks).outcome == .finished)
    #expect(try fixture.train(configuration, in: broken, ranks: ranks, stopAfter: stopAfter).outcome == .stopped)
    #expect(try fixture.train(configuration, in: broken, ranks: ranks, from: .resume).outcome == .finished)
    let path = { (run: RunFolder) in run.model("stage-2-rn50") }
    #expect(try SafeTensors.read(path(whole)).tensors == SafeTensors.read(path(broken)).tensors)
  }

  /// The number of ranks changes nothing but rounding here either.
  @Test func worldSizeDoesNotMatter() throws {
    let fixture = try Fixture()
    var configuration = Self.all
    for i in configuration.stages.indices { (configuration.stages[i].size, configuration.stages[i].epochs) = (64, 1) }
    let one = try fixture.train(configuration, in: fixture.run("one")).rows
    let three = try fixture.train(configuration, in: fixture.run("three"), ranks: 3).rows
    expectClose(three.map(\.trainLoss), one.map(\.trainLoss), relative: 5e-3)
  }

  /// Each changes what is learnt: mixup and smoothing from the first step on, the others only what is saved.
  @Test func eachHasItsEffect() throws {
    let fixture = try Fixture()
    func losses(_ name: String, _ change: (inout Configuration) -> Void) throws -> [Double] {
      var configuration = Fixture.configuration(epochs: 1)
      configuration.stages.removeLast()
      change(&configuration)
      return try fixture.train(configuration, in: fixture.run(name)).rows.map(\.trainLoss)
    }
    let plain = try losses("plain") { _ in }
    #expect(try losses("mixup") { $0.mixup = 0.4 } != plain)
    #expect(try losses("smoothing") { $0.labelSmoothing = 0.1 } != plain)
    #expect(try losses("ema") { $0.ema = 0.5 } == plain)
    let model = { try SafeTensors.read(fixture.run($0).model("stage-1-rn50")).tensors["head.8.weight"]?.values ?? [] }
    #expect(try model("ema") != model("plain"))
  }

  /// The average against its definition.
  @Test func averageFollows() throws {
    let replica = try Replica(labels: 2, architecture: .resnet50, among: Communicator.threads(1)[0])
    let parameters = replica.parameters
    let engine = Engine(kernels: Kernels.all[0], threads: Threads(2))
    let average = try Snapshot(of: replica)
    var expected = 0.0
    for step in 1...5 {
      parameters.values[parameters.values.count - 1] = Float(step)
      average.follow(step: step, decay: 0.4, engine: engine)
      let decay = min(0.4, Double(1 + step) / Double(10 + step))
      expected = decay * expected + (1 - decay) * Double(step)
    }
    expectClose([Double(average.values[average.values.count - 1])], [expected], relative: 1e-6)
    try average.swap()
    expectClose([Double(parameters.values[parameters.values.count - 1])], [expected], relative: 1e-6)
    #expect(average.values[average.values.count - 1] == 5 && average.values[0] == 0)
  }

  /// fastai's `EarlyStoppingCallback`: stops once more than `patience` epochs in a row are no better than the best.
  @Test func earlyStopping() {
    let patient = Configuration.EarlyStopping(patience: 1)
    #expect(!patient.stops(after: []) && !patient.stops(after: [0.5]) && !patient.stops(after: [0.5, 0.5]))
    #expect(patient.stops(after: [0.5, 0.5, 0.4]) && !patient.stops(after: [0.5, 0.5, 0.6]))
    let demanding = Configuration.EarlyStopping(patience: 0, minDelta: 0.1)
    #expect(demanding.stops(after: [0.5, 0.55]) && !demanding.stops(after: [0.5, 0.65]))
  }

  /// A loss no network has ends a training; a validation loss alone only with the stage.
  @Test func runsAway() {
    func row(_ train: Double, _ valid: Double?) -> HistoryRow {
      HistoryRow(
        stage: "a", epoch: 0, trainLoss: train,
        metrics: valid.map { Metrics(loss: $0, accuracyThresh: 0.5, fbeta: 0.5) }, seconds: 1)
    }
    #expect(row(1e29, nil).hasDiverged(isLast: false) && row(1e29, 0.7).hasDiverged(isLast: true))
    #expect(!row(50, 1e6).hasDiverged(isLast: false) && row(50, 1e6).hasDiverged(isLast: true))
    #expect(!row(50, 100).hasDiverged(isLast: true) && !row(50, nil).hasDiverged(isLast: true))
  }

  /// A stage whose fbeta cannot grow ends early, and its result is its best epoch; both are said.
  @Test func stopsEarlyAndKeepsTheBest() throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration(epochs: 6)
    configuration.stages.removeLast()
    (configuration.keepBest, configuration.earlyStopping) = (true, .init(patience: 0, minDelta: 0.99))
    let run = fixture.run("run")
    let training = try fixture.train(configuration, in: run)
    #expect(training.rows.count == 2)
    let best = try #require(training.rows.max { ($0.metrics?.fbeta ?? 0) < ($1.metrics?.fbeta ?? 0) })
    #expect(
      training.notes.prefix(2) == [
        "stopped after epoch 1: fbeta no longer grows",
        "kept the weights of epoch \(best.epoch), whose fbeta was the highest",
      ])
    let (dataset, path) = (fixture.dataset, run.model("stage-1-rn50"))
    let baseline = Baseline(dataset)
    let isLower = try #require(best.metrics).fbeta < baseline.fbeta
    #expect(
      training.notes.dropFirst(2).count { $0.contains("is lower than without a network: \(baseline).") }
        == (isLower ? 1 : 0))
    let metrics = try onRanks(1) { communicator in
      let predictor = try Predictor(
        SavedNetworks([path], communicator: communicator), batchSize: 4, worker: slowWorker(communicator))
      return Metrics(try predictor.predictions(dataset.valid, of: dataset))
    }
    #expect(metrics[0] == best.metrics)
    let result = try StageResult(path: run.result("stage-1-rn50"))
    #expect(result.predictions.map { Metrics($0) } == best.metrics)
  }

  @Test func bestNeedsValidation() throws {
    let fixture = try Fixture(validPct: 0)
    var configuration = Fixture.configuration()
    configuration.keepBest = true
    #expect(throws: RecipeError.nothingToChooseBy) { try fixture.train(configuration, in: fixture.run("run")) }
  }

  /// `log.jsonl` has every step once, also after a stop and a resumption, and lines of other stages stay.
  @Test func logsEveryStepOnce() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
    let other = StepRecord(
      stage: "other", epoch: 0, step: 3, loss: 1, smoothLoss: 1, lr: [1], momentum: 0.9, imagesPerSecond: 1,
      accumulatedSeconds: 1)
    var log = StepLog(path: run.log)
    log.add(other)
    try log.flush()
    #expect(try fixture.train(in: run, stopAfter: .step("stage-1-rn50", 1)).outcome == .stopped)
    // A killed process leaves lines its state does not know, the last of them torn.
    let file = try #require(FileHandle(forWritingAtPath: run.log))
    try file.seekToEnd()
    let line = try String(contentsOfFile: run.log, encoding: .utf8).split(separator: "\n").last ?? ""
    let step = line.replacing("\"step\":1", with: "\"step\":3")
    try file.write(contentsOf: Data((step + "\n" + step.prefix(20)).utf8))
    let resumed = try fixture.train(in: run, from: .resume)
    #expect(resumed.outcome == .finished)
    let lines = try String(contentsOfFile: run.log, encoding: .utf8).split(separator: "\n")
    let records = try lines.map { try StepRecord.decoder.decode(StepRecord.self, from: Data($0.utf8)) }
    #expect(records.first == other)
    #expect(records.map(\.step) == [3, 0, 1, 2, 3, 0, 1, 2, 3])
    #expect(records.suffix(resumed.steps.count) == resumed.steps[...])
    #expect(try RecipeFile.parse(RecipeFile.read(run.recipe), path: run.recipe) == Fixture.configuration())
  }
}
