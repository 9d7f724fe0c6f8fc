import Checkpoints
import Collectives
import Compute
import Foundation
import PlanetData
import ResNet
import Synchronization
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores
@testable import Training

/// Predictions of small random networks.
@Suite(.serialized) struct PredictorTests {
  private let fixture: Fixture
  private let models: [String]

  init() throws {
    let fixture = try Fixture(count: 15)
    self.fixture = fixture
    models = try [32, 40].map { size in
      try fixture.randomModel("size\(size)", size: size, labels: fixture.dataset.labels)
    }
  }

  private func predict(_ models: [String], tta: TTA = .none, ranks: Int = 1, batch: Int = 4) throws -> Predictions {
    let dataset = fixture.dataset
    return try onRanks(ranks) { communicator in
      try predictor(models, tta: tta, batch: batch, communicator).predictions(dataset.train, of: dataset)
    }[0]
  }

  /// Each image once, in order, whatever the number of ranks and the size of batches.
  @Test(arguments: [(3, 2), (5, 8)]) func sameForEveryWorldSize(ranks: Int, batch: Int) throws {
    let (one, many) = (try predict([models[0]]), try predict([models[0]], ranks: ranks, batch: batch))
    #expect(one.images == fixture.dataset.train && many.images == one.images)
    #expect(many.probabilities == one.probabilities && many.lossSums == one.lossSums && many.targets == one.targets)
    #expect(Set(one.probabilities).count > one.images.count)
  }

  /// An ensemble is the mean of its members, each at its own size.
  @Test func ensemble() throws {
    let members = try models.map { try predict([$0]).probabilities }
    let mean = try predict(models, ranks: 2)
    #expect(members[0] != members[1])
    expectClose(mean.probabilities, zip(members[0], members[1]).map { ($0 + $1) / 2 }, relative: 1e-14, absolute: 0)
  }

  /// The views of `--tta`, one by one and averaged here.
  @Test(arguments: [TTA.dihedral, .fastai]) func testTimeAugmentation(tta: TTA) throws {
    let dataset = fixture.dataset
    let model = try ModelFile(path: models[0])
    let views = tta.views(seed: 1)
    let expected = try onRanks(1) { communicator in
      let parameters = Parameters(labels: model.labels.count, architecture: .resnet50)
      model.load(into: parameters)
      let evaluation = Evaluation(
        network: Network(parameters, imageSize: 32, batch: 5, engine: engine()), worker: Worker(communicator, engine()))
      let rows = try views.map { view in
        var row: [Double] = []
        _ = try evaluation.run(
          dataset.train, of: dataset.images, labels: model.labels.count, augmentation: view.augmentation
        ) { row += $1.map { view.weight / (1 + exp(-Double($0))) } }
        return row
      }
      return rows[0].indices.map { i in rows.reduce(0) { $0 + $1[i] } }
    }[0]
    let actual = try predict([models[0]], tta: tta, ranks: 2)
    expectClose(actual.probabilities, expected, relative: 1e-14, absolute: 0)
    #expect(try actual.probabilities != predict([models[0]]).probabilities)
  }

  private func write(
    _ models: [String], tta: TTA = .dihedral, to out: String, ranks: Int = 1, stopAt: Int? = nil,
    samples: [Sample]? = nil, saveEvery: Duration = .seconds(1_000_000)
  ) throws -> Predictor.Outcome {
    let samples = samples ?? fixture.dataset.images
    return try onRanks(ranks) { communicator in
      let asked = Mutex(0)
      return try predictor(models, tta: tta, batch: 4, communicator).predict(
        samples, as: Submission(.probabilities), to: out, saveEvery: saveEvery,
        stop: {
          asked.withLock { $0 += 1 }
          return communicator.rank == 0 && stopAt.map { stop in asked.withLock { $0 >= stop } } ?? false
        })
    }[0]
  }

  /// Stopped again and again, on other numbers of ranks, between networks and within a pass: the same bytes at the end.
  @Test func resumes() throws {
    let (whole, broken) = (fixture.folder + "/whole.csv", fixture.folder + "/broken.csv")
    #expect(try write(models, to: whole) == .finished)
    for (ranks, stopAt) in [(1, 3), (3, 20)] {
      #expect(try write(models, to: broken, ranks: ranks, stopAt: stopAt) == .stopped(broken + ".partial"))
      #expect(!FileManager.default.fileExists(atPath: broken))
    }
    #expect(try write(models, to: broken, ranks: 2) == .finished)
    #expect(try bytes(broken) == bytes(whole))
    #expect(!FileManager.default.fileExists(atPath: broken + ".partial"))
  }

  /// An image that cannot be read ends the work; what was done before is not lost, and not done again.
  @Test func goesOnAfterAFailure() throws {
    let out = fixture.folder + "/out.csv"
    let samples = fixture.dataset.images
    let last = samples[14].path
    let chip = try Data(contentsOf: URL(fileURLWithPath: last))
    try Data("no chip".utf8).write(to: URL(fileURLWithPath: last))
    #expect(throws: (any Error).self) { try write(models, to: out) }
    #expect(FileManager.default.fileExists(atPath: out + ".partial"))
    try chip.write(to: URL(fileURLWithPath: last))
    // The first pass is past this one, so that only the second can fail on it.
    try Data("no chip".utf8).write(to: URL(fileURLWithPath: samples[0].path))
    #expect(throws: (any Error).self) { try write(models, to: out) }
    let file = try SafeTensors.read(out + ".partial")
    #expect(file.metadata["passes"] == "1" && file.metadata["images"] == "0")
  }

  @Test func savesNowAndThen() throws {
    let (out, models) = (fixture.folder + "/out.csv", self.models)
    let samples = fixture.dataset.images
    let seen = try onRanks(1) { communicator in
      var seen: [Bool] = []
      let outcome = try predictor([models[0]], tta: .none, batch: 4, communicator).predict(
        samples, as: Submission(.probabilities), to: out, saveEvery: .zero,
        onProgress: { _, _ in seen.append(FileManager.default.fileExists(atPath: out + ".partial")) })
      #expect(outcome == .finished)
      return seen
    }[0]
    #expect(seen == [false, false, true, true, true])
  }

  /// Another command's unfinished prediction is neither continued nor overwritten.
  @Test func refusesAnotherPrediction() throws {
    let out = fixture.folder + "/out.csv"
    let partial = out + ".partial"
    #expect(try write([models[0]], to: out, stopAt: 2) == .stopped(partial))
    let saved = try bytes(partial)
    let refused = { (what: String) in
      InferenceError.otherPrediction(path: partial, reason: "holds the unfinished prediction of other \(what)")
    }
    #expect(throws: refused("checkpoints")) { try write([models[1]], to: out) }
    #expect(throws: refused("views")) { try write([models[0]], tta: .fastai, to: out) }
    #expect(throws: refused("images")) {
      try write([models[0]], to: out, samples: Array(fixture.dataset.images.dropLast()))
    }
    #expect(try bytes(partial) == saved)

    for bad in [saved.prefix(saved.count / 2), saved.prefix(3), Data()] {
      try bad.write(to: URL(fileURLWithPath: partial))
      #expect(throws: InferenceError.self) { try write([models[0]], to: out) }
    }
    try FileManager.default.removeItem(atPath: partial)
    try FileManager.default.copyItem(atPath: models[0], toPath: partial)
    #expect(throws: InferenceError.otherPrediction(path: partial, reason: "not an unfinished prediction")) {
      try write([models[0]], to: out)
    }
  }

  @Test func refusesDifferentLabels() throws {
    let path = try fixture.randomModel("other", size: 32, labels: fixture.dataset.labels.reversed())
    #expect(throws: InferenceError.differentLabels(path: path, from: models[0])) { try predict([models[0], path]) }
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
}

/// Drawing 25 million numbers takes a while: once for a network and number of labels is enough.
private let randomParameters = Mutex<[String: Parameters]>([:])

extension Fixture {
  /// Saves a network that nobody trained.
  func randomModel(
    _ name: String, size: Int, labels: [String], architecture: Architecture = .resnet50
  ) throws -> String {
    let key = "\(architecture) \(labels.count)"
    let parameters = randomParameters.withLock { drawn in
      if let parameters = drawn[key] { return parameters }
      let parameters = Parameters(labels: labels.count, architecture: architecture)
      parameters.initialize(seed: 1)
      drawn[key] = parameters
      return parameters
    }
    parameters.values[parameters.values.count - 1] = Float(size) / 100  // no two models are equal
    var configuration = Self.configuration()
    configuration.stages[0].size = size
    let path = run(name).model("random")
    try ModelFile.write(
      parameters, labels: labels, stage: configuration.stages[0], configuration: configuration,
      origin: DataOrigin(dataset, configuration), to: path)
    return path
  }
}

private func engine() -> Engine { Engine(kernels: Kernels.all[0], threads: Threads(1)) }

func predictor(_ models: [String], tta: TTA, batch: Int, _ communicator: Communicator) throws -> Predictor {
  try Predictor(
    SavedNetworks(models, communicator: communicator), tta: tta, batchSize: batch,
    worker: Worker(communicator, engine()))
}
