import Checkpoints
import Collectives
import PlanetData
import ResNet
import Scores
import TestSupport
import Testing
import Training

@testable import Inference
@testable import Runs

/// Saved networks of several architectures: each file says which it is, and is taken for no other.
@Suite(.serialized) struct ArchitectureTests {
  private let fixture: Fixture
  private let small: String
  private let large: String

  init() throws {
    fixture = try Fixture(count: 12)
    small = try fixture.randomModel("small", size: 32, labels: fixture.dataset.labels)
    large = try fixture.randomModel("large", size: 32, labels: fixture.dataset.labels, architecture: .resnet101)
  }

  /// Networks of two architectures are averaged like any others.
  @Test func ensemble() throws {
    let dataset = fixture.dataset
    func predict(_ models: [String], ranks: Int = 1) throws -> [Double] {
      try onRanks(ranks) { communicator in
        try predictor(models, tta: .none, batch: 4, communicator).predictions(dataset.valid, of: dataset).probabilities
      }[0]
    }
    let members = try [predict([small]), predict([large])]
    #expect(members[0] != members[1])
    let mean = zip(members[0], members[1]).map { ($0 + $1) / 2 }
    expectClose(try predict([small, large], ranks: 2), mean, relative: 1e-14, absolute: 0)
  }

  /// Writes the small network again, with its `arch` replaced, or left out.
  private func copy(arch: String?) throws -> String {
    let file = try SafeTensors.read(small)
    var metadata = file.metadata.filter { $0.key != "checksum" }
    metadata["arch"] = arch
    let path = fixture.folder + "/copy.safetensors"
    try SafeTensors.write(file.tensors.map { (name: $0.key, tensor: $0.value) }, metadata: metadata, to: path)
    return path
  }

  @Test func filesNameTheirs() throws {
    #expect(try ModelFile(path: small).architecture == .resnet50 && ModelFile(path: large).architecture == .resnet101)
    // As files were before they named one.
    #expect(try ModelFile(path: copy(arch: nil)).architecture == .resnet50)
    let path = try copy(arch: "resnet18")
    let error = #expect(throws: RunError.self) { try ModelFile(path: path) }
    #expect(
      "\(try #require(error))" == "\(path): its metadata call it 'resnet18', which is none of resnet50, resnet101, "
        + "resnet152.")
    #expect(throws: CheckpointError.self) { try ModelFile(path: copy(arch: "resnet101")) }
  }

  /// A recipe goes on only from the network it trains.
  @Test func refusesAnother() throws {
    let run = fixture.run("run")
    #expect(throws: RunError.otherArchitecture(path: large, it: .resnet101, recipe: .resnet50)) {
      try fixture.train(in: run, from: .model(large))
    }
  }
}
