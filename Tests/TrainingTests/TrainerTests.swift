import Checkpoints
import Compute
import Foundation
import PlanetData
import Synchronization
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores
@testable import Training

@Suite(.serialized) struct TrainerTests {
  /// The first stage, of two steps an epoch.
  private static let first = "stage-1-rn50"

  /// The number of ranks changes how long it takes, not what one gets, up to rounding; also where it does not divide
  /// the batch, and where some ranks have no image.
  @Test(arguments: [(2, 12), (5, 12), (5, 4)]) func worldSizeDoesNotMatter(ranks: Int, batchSize: Int) throws {
    let fixture = try Fixture(count: 15)
    var configuration = Fixture.configuration(epochs: 1)
    configuration.batchSize = batchSize
    // At 32 × 32 the last layers normalize over one pixel of each image, which amplifies rounding beyond comparing.
    for i in configuration.stages.indices { configuration.stages[i].size = 64 }
    let one = try fixture.train(configuration, in: fixture.run("one")).rows
    let many = try fixture.train(configuration, in: fixture.run("many"), ranks: ranks).rows
    #expect(one.count == 2 && many.count == 2)
    let tolerance = batchSize > 4 ? 1e-3 : 5e-2  // normalizing over few values amplifies rounding
    for (a, b) in zip(one, many) {
      expectClose([b.trainLoss], [a.trainLoss], relative: tolerance)
      expectClose([try #require(b.metrics).loss], [try #require(a.metrics).loss], relative: 10 * tolerance)
    }
  }

  /// Stopped in the middle of an epoch, or at its end, and resumed with as many ranks: the same bits as without.
  @Test(arguments: [(1, Moment.began(first)), (2, .step(first, 3))])
  func resumesToTheSameBits(ranks: Int, stopAfter: Moment) throws {
    let fixture = try Fixture()
    let (whole, broken) = (fixture.run("whole"), fixture.run("broken"))
    #expect(try fixture.train(in: whole, ranks: ranks).outcome == .finished)
    #expect(try fixture.train(in: broken, ranks: ranks, stopAfter: stopAfter).outcome == .stopped)
    #expect(FileManager.default.fileExists(atPath: broken.state))
    let resumed = try fixture.train(in: broken, ranks: ranks, from: .resume)
    #expect(resumed.outcome == .finished)
    for stage in ["stage-1-rn50", "stage-2-rn50"] {
      #expect(try SafeTensors.read(whole.model(stage)).tensors == SafeTensors.read(broken.model(stage)).tensors)
    }
    let withoutTimes = { (run: RunFolder) in
      try String(contentsOfFile: run.history, encoding: .utf8).split(separator: "\n").map {
        $0.prefix { $0 != ":" }.dropLast(2)
      }
    }
    #expect(try withoutTimes(whole) == withoutTimes(broken))
    #expect(!FileManager.default.fileExists(atPath: broken.state))
  }

  /// Each rank's own batch normalization resumes to the same bits too: every rank's statistics are in the state,
  /// and averaging them for an evaluation that was then stopped is not repeated.
  @Test(arguments: [(2, Moment.step(first, 0)), (3, .step(first, 1))])
  func resumesLocalBatchNorm(ranks: Int, stopAfter: Moment) throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration(epochs: 1)
    configuration.batchNorm = .local
    let (whole, broken) = (fixture.run("whole"), fixture.run("broken"))
    _ = try fixture.train(configuration, in: whole, ranks: ranks)
    #expect(try fixture.train(configuration, in: broken, ranks: ranks, stopAfter: stopAfter).outcome == .stopped)
    #expect(try fixture.train(configuration, in: broken, ranks: ranks, from: .resume).outcome == .finished)
    let path = { (run: RunFolder) in run.model("stage-2-rn50") }
    #expect(try SafeTensors.read(path(whole)).tensors == SafeTensors.read(path(broken)).tensors)
  }

  @Test func resumesOnOtherRanks() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    let whole = try fixture.train(in: fixture.run("whole"))
    let broken = try fixture.train(in: run, ranks: 3, stopAfter: .step(Self.first, 1))
    let resumed = try fixture.train(in: run, ranks: 2, from: .resume)
    #expect(broken.outcome == .stopped && resumed.outcome == .finished)
    expectClose((broken.steps + resumed.steps).map(\.loss), whole.steps.map(\.loss), relative: 5e-2)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    _ = try fixture.train(in: run, stopAfter: .began(Self.first))
    #expect(throws: RunError.unfinishedRun(folder: run.path, progress: "stage-1-rn50, epoch 0, step 1")) {
      try OpenRun(run.path).admit([], overwrite: true)
    }
    let interrupted = try OpenRun(run.path).interrupted()
    #expect(interrupted == InterruptedRun(recipe: Fixture.configuration(), data: fixture.dataset.location.absolute))
    var other = Fixture.configuration()
    other.wd = 0.5
    #expect(throws: RunError.otherConfiguration(path: run.path, differences: ["wd: 0.5, was 0.01"])) {
      try fixture.train(other, in: run, from: .resume)
    }
    let moreData = try Fixture(count: 21)
    #expect(throws: RunError.otherData(path: run.state)) { try moreData.train(in: run, from: .resume) }
    other = Fixture.configuration()
    other.batchSize = 500
    #expect(throws: RecipeError.tooFewImages(train: 16, batchSize: 500)) {
      try fixture.train(other, in: fixture.run("b"))
    }
  }

  /// A state with any byte changed or missing is refused, not half-used; the message says what is left.
  @Test func refusesDamagedState() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    _ = try fixture.train(in: run, stopAfter: .began(Self.first))
    let whole = try Data(contentsOf: URL(fileURLWithPath: run.state))
    var flipped = whole
    flipped[whole.count / 2] ^= 1
    for bytes in [flipped, whole.prefix(whole.count / 3), Data(), Data("{}".utf8)] {
      try bytes.write(to: URL(fileURLWithPath: run.state))
      let uses: [() throws -> Void] = [
        { _ = try fixture.train(in: run, from: .resume) }, { try OpenRun(run.path).admit([], overwrite: false) },
      ]
      for use in uses {
        guard case .damagedState(run.state, _, saved: []) = #expect(throws: RunError.self, performing: use) else {
          Issue.record("another error")
          continue
        }
      }
    }
  }

  /// Numbers that no run can have come to are refused before they are added up or multiplied.
  @Test func refusesImplausibleState() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    _ = try fixture.train(in: run, stopAfter: .step(Self.first, 1))
    var saved = try SavedState.read(run.state).run
    saved.progress.history = [HistoryRow(stage: "stage-1-rn50", epoch: 0, trainLoss: 1, metrics: nil, seconds: 1)]
    #expect(saved.isPlausible)
    let text = String(decoding: try JSONEncoder().encode(saved), as: UTF8.self)
    for key in [
      "stage", "epoch", "epochs", "stepInEpoch", "optimizerStep", "secondsInEpoch", "count", "seconds", "batchSize",
      "size", "wd",
      "index", "seed",
    ] {
      for value in ["9223372036854775807", "-1", "1e300"] {
        let forged = text.replacing(try Regex("\"\(key)\":[0-9.e-]+"), with: "\"\(key)\":\(value)")
        #expect(forged != text, "\(key)")
        #expect(
          (try? JSONDecoder().decode(SavedRun.self, from: Data(forged.utf8)))?.isPlausible != true, "\(key) \(value)")
      }
    }
    let forged = text.replacing("\"name\":\"stage-1-rn50\"", with: "\"name\":\"../stage\"")
    #expect(try !JSONDecoder().decode(SavedRun.self, from: Data(forged.utf8)).isPlausible)
  }

  /// What was done before a failure is saved; if it cannot be, that is told beside the failure.
  @Test func tellsWhatIsLost() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    let notes = try onRanks(1) { [dataset = fixture.dataset] communicator in
      let recorder = Recorder()
      let trainer = try Trainer(
        Fixture.configuration(), dataset: dataset, folder: run, worker: slowWorker(communicator),
        onEvent: { event in
          recorder.record(event)
          guard case .stepDone = event else { return }
          // From now on its state cannot be saved, and the images to validate with are gone.
          try? FileManager.default.createDirectory(atPath: run.state + "/x", withIntermediateDirectories: true)
          for image in dataset.valid { try? FileManager.default.removeItem(atPath: dataset.images[image].path) }
        }, shouldStop: { false })
      #expect(throws: (any Error).self) { try trainer.run(from: .random) }
      return recorder.notes
    }[0]
    #expect(notes.count == 1 && notes[0].contains("what was done since the last save is lost"), "\(notes)")
  }

  /// A loss that is not a number ends the run on every rank, before it reaches a checkpoint.
  @Test func divergenceIsAnError() throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration()
    configuration.stages[0].learningRates = [1e30, 1e30, 1e30]
    configuration.wd = 0
    let run = fixture.run("run")
    #expect(throws: TrainingError.self) { try fixture.train(configuration, in: run, ranks: 2) }
    #expect(!FileManager.default.fileExists(atPath: run.model("stage-1-rn50")))
  }

  /// `--epochs 0` saves what it started from.
  @Test func zeroEpochs() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    var configuration = Fixture.configuration()
    for i in configuration.stages.indices { configuration.stages[i].epochs = 0 }
    #expect(try fixture.train(configuration, in: run).outcome == .finished)
    let model = try ModelFile(path: run.model("stage-2-rn50"))
    #expect(model.size == 32 && model.labels == fixture.dataset.labels)
    #expect(try HistoryRow.read(run.history).isEmpty)
    #expect(try run.readResults().map(\.stage.name) == ["stage-1-rn50", "stage-2-rn50"])
  }

  /// Stopped while a stage without epochs is evaluated, a run can be resumed as well.
  @Test func stopsInZeroEpochs() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    var configuration = Fixture.configuration()
    for i in configuration.stages.indices { configuration.stages[i].epochs = 0 }
    #expect(try fixture.train(configuration, in: run, stopAfter: .began(Self.first)).outcome == .stopped)
    #expect(try fixture.train(configuration, in: run, from: .resume).outcome == .finished)
    #expect(try run.readResults().count == 2)
  }

  /// A kill in a stage's first epoch finds the state of the stage before: what that came to is told again as it was.
  @Test func killedInTheNextStage() throws {
    let fixture = try Fixture()
    let (dataset, run) = (fixture.dataset, fixture.run("run"))
    let first = try onRanks(1) { communicator in
      let stops = Atomic(false)
      let trainer = try Trainer(
        Fixture.configuration(), dataset: dataset, folder: run, worker: slowWorker(communicator),
        onEvent: { event in
          guard Moment.began("stage-2-rn50").is(event) else { return }
          try? FileManager.default.copyItem(atPath: run.state, toPath: run.state + ".kept")
          stops.store(true, ordering: .relaxed)
        }, shouldStop: { stops.load(ordering: .relaxed) })
      #expect(try trainer.run(from: .random) == .stopped)
      return try run.readResults()
    }[0]
    #expect(first.map(\.images) == [2 * 16])
    try FileManager.default.removeItem(atPath: run.state)
    try FileManager.default.moveItem(atPath: run.state + ".kept", toPath: run.state)
    #expect(try SavedState.read(run.state).run.progress.epoch == 2)
    #expect(try fixture.train(in: run, from: .resume).outcome == .finished)
    let again = try run.readResults()
    #expect(again.map(\.stage.name) == ["stage-1-rn50", "stage-2-rn50"] && again[0].images == first[0].images)
    for phase in ["forward", "backward", "optimizer"] {
      #expect((first[0].phases[phase] ?? 0) > 0 && again[0].phases[phase] == first[0].phases[phase])
    }
    // Another run into the same folder begins with no results of this one.
    #expect(try fixture.train(in: run, stopAfter: .began(Self.first)).outcome == .stopped)
    #expect(try run.readResults().isEmpty)
  }

  /// What the last epoch, or the best that is kept, said of each validation image stays with the trainer, on every rank:
  /// the row's metrics are its.
  @Test(arguments: [false, true]) func keepsPredictions(best: Bool) throws {
    let fixture = try Fixture()
    let (dataset, run) = (fixture.dataset, fixture.run("run"))
    var configuration = Fixture.configuration()
    configuration.stages.removeLast()
    configuration.keepBest = best
    let final = configuration
    let kept = try onRanks(2) { communicator in
      let recorder = Recorder()
      let trainer = try Trainer(
        final, dataset: dataset, folder: run, worker: slowWorker(communicator), onEvent: recorder.record,
        shouldStop: { false })
      #expect(trainer.predictions == nil)
      _ = try trainer.run(from: .random)
      let metrics = recorder.rows.compactMap(\.metrics)
      return (trainer.predictions, best ? metrics.max { $0.fbeta < $1.fbeta } : metrics.last)
    }
    for (predictions, _) in kept {
      let predictions = try #require(predictions)
      #expect(predictions.images == dataset.valid && predictions.labels == dataset.labels)
      #expect(Metrics(predictions) == kept[0].1)
    }
  }

  /// Training from a saved stage begins with exactly its weights.
  @Test func startsFromASavedStage() throws {
    let fixture = try Fixture()
    let (first, second) = (fixture.run("first"), fixture.run("second"))
    var configuration = Fixture.configuration(epochs: 1)
    configuration.stages.removeLast()
    _ = try fixture.train(configuration, in: first)
    configuration.stages[0].epochs = 0
    _ = try fixture.train(configuration, in: second, from: .model(first.find("stage-1-rn50")))
    #expect(
      try SafeTensors.read(first.model("stage-1-rn50")).tensors
        == SafeTensors.read(second.model("stage-1-rn50")).tensors)
    #expect(throws: RunError.self) { try first.find("stage-9") }
  }
}
