import Checkpoints
import Foundation
import Recipes
import ResNet
import SwiftProtobuf
import TestSupport
import Testing

@testable import Export
@testable import Runs

/// The model as a protobuf reader finds it; what it computes is compared with onnxruntime in CommandTests.
@Suite struct ONNXModelTests {
  private let labels = ["clear", "haze", "naïve \"quotes\""]

  private static func origin() throws -> DataOrigin {
    try JSONDecoder().decode(
      DataOrigin.self,
      from: Data(
        """
        {"images": {"count": 2, "digest": "", "held_out": ["a"], "trained_on": ["b"]},
        "place": {"labels": "/data/labels.csv", "images": "/data/train", "suffix": ".jpg"}, "split_seed": 7}
        """.utf8))
  }

  /// An untrained network, saved and exported.
  private func network(_ architecture: Architecture = .resnet50) throws -> NetworkExport {
    let path = NSTemporaryDirectory() + "planet-dist-\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let stage = Configuration.Stage(name: "s", index: 0, size: 128, frozen: true, learningRates: [1, 1, 1], epochs: 1)
    let parameters = Parameters(labels: labels.count, architecture: architecture)
    for (i, _) in parameters.values.enumerated() { parameters.values[i] = Float(i) }
    try ModelFile.write(
      parameters, labels: labels, stage: stage, configuration: Configuration(stages: [stage]), origin: Self.origin(),
      to: path)
    return try NetworkExport(ModelFile(path: path), threshold: 0.2, version: "1.2.3")
  }

  @Test(arguments: [(Architecture.resnet50, 16), (.resnet152, 50)])
  func model(architecture: Architecture, blocks: Int) throws {
    let network = try network(architecture)
    let model = try ModelProto(serializedBytes: try network.onnxModel().serializedBytes() as [UInt8])
    #expect(model.opsetImport.map(\.version) == [9] && model.irVersion == 4 && model.producerVersion == "1.2.3")
    let facts = Dictionary(uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })
    #expect(Set(facts.keys) == ["arch", "labels", "threshold", "size", "mean", "std", "data"])
    #expect(facts["arch"] == architecture.rawValue && model.graph.name == architecture.rawValue)
    let origin = try JSONDecoder().decode(DataOrigin.self, from: Data(facts["data", default: ""].utf8))
    #expect(try origin == Self.origin() && origin.splitSeed == 7 && origin.images?.heldOut == ["a"])
    #expect(try JSONDecoder().decode([String].self, from: Data(facts["labels", default: ""].utf8)) == labels)

    let counts = Dictionary(grouping: model.graph.node, by: \.opType).mapValues(\.count)
    #expect(counts["Conv"] == 3 * blocks + 5 && counts["BatchNormalization"] == 3 * blocks + 7)
    #expect(
      counts["Add"] == blocks && counts["Relu"] == 3 * blocks + 2 && counts["Gemm"] == 2 && counts["Sigmoid"] == 1)
  }

  /// A model that was saved before it named its images is exported with all that exports had then.
  @Test func savedBefore() throws {
    let folder = TemporaryFolder()
    try SavedBefore.write("model", to: folder.path("m"))
    let facts = try NetworkExport(ModelFile(path: folder.path("m")), threshold: 0.2, version: "0.1.0").facts
    let before = try JSONDecoder().decode(
      [String: String].self, from: Data(contentsOf: URL(fileURLWithPath: SavedBefore.path("export.json"))))
    for (key, value) in before where !["format", "producer"].contains(key) { #expect(facts[key] == value) }
    #expect(facts["data"] == "{\"precision\":\"bf16\",\"split_seed\":7,\"valid_pct\":0.25}")
  }

  /// Every tensor of the network is a constant with its values, and all constants and values are used.
  @Test func constantsAndValues() throws {
    let network = try network()
    let graph = network.onnxModel().graph
    let constants = Dictionary(uniqueKeysWithValues: graph.initializer.map { ($0.name, $0) })
    #expect(Set(constants.keys) == Set(network.tensors.keys).union(["mean", "std"]))
    for (name, tensor) in network.tensors {
      #expect(constants[name]?.dims.map(Int.init) == tensor.shape)
      #expect(constants[name]?.rawData == tensor.values.withUnsafeBytes { Data($0) }, "\(name)")
    }
    var known = Set(constants.keys).union(["images"])
    for node in graph.node {
      #expect(known.isSuperset(of: node.input), "\(node.name) comes before what it needs")
      #expect(known.insert(node.output[0]).inserted, "\(node.name) is there twice")
    }
    let used = Set(graph.node.flatMap(\.input))
    #expect(known.subtracting(used) == ["probabilities"])
    #expect(graph.output.map(\.name) == ["probabilities"] && graph.input.map(\.name) == ["images"])
  }
}
