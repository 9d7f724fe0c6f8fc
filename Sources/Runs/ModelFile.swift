public import Checkpoints
import Compute
import Foundation
import PlanetData
public import Recipes
public import ResNet

/// A saved network: `models/NAME.safetensors`. PyTorch's names, shapes and layout; what else is needed to use it stands in
/// the metadata.
public struct ModelFile: Sendable {
  /// Names of the network's outputs.
  public let labels: [String]
  /// What network it is.
  public let architecture: Architecture
  /// Side of the images it was last trained on.
  public let size: Int
  /// The data it was trained on and judged with.
  public let origin: DataOrigin
  private let file: TensorFile

  public static let format = "planet-dist 1"

  /// Writes the network and what `configuration` trained it with.
  public static func write(
    _ parameters: Parameters, labels: [String], stage: Configuration.Stage, configuration: Configuration,
    origin: DataOrigin, to path: String
  ) throws {
    let tensors = parameters.all.map {
      (name: $0.name, tensor: StoredTensor(shape: $0.shape, values: parameters.exported($0)))
    }
    let about = [
      "format": format, "stage": stage.name,
      recipeKey: String(decoding: try configuration.encoded(), as: UTF8.self),
    ]
    let facts = try facts(
      labels: labels, size: stage.size, architecture: parameters.architecture, origin: origin)
    try SafeTensors.write(tensors, metadata: about.merging(facts) { $1 }, to: path)
  }

  /// What one must know to use a network, as it stands in the metadata: `labels`, `size`, `arch` (torchvision's name), the
  /// `mean` and `std` its images are normalized with, and the `data` it was made of; all but size and arch as JSON.
  public static func facts(labels: [String], size: Int, architecture: Architecture, origin: DataOrigin) throws
    -> [String: String]
  {
    [
      "labels": try json(labels), "size": String(size), "arch": architecture.rawValue,
      "mean": try json(ImageNet.mean), "std": try json(ImageNet.std), DataOrigin.key: try origin.json,
    ]
  }

  /// Reads and checks a saved network.
  public init(path: String) throws {
    file = try Self.read(path)
    guard file.metadata["format"] == Self.format
    else { throw RunError.badFile(path: path, reason: "it was not saved by this version of planet-dist") }
    guard let text = file.metadata["labels"],
      let labels = try? JSONDecoder().decode([String].self, from: Data(text.utf8)),
      !labels.isEmpty, Set(labels).count == labels.count
    else { throw RunError.badFile(path: path, reason: "its metadata name no labels") }
    guard let size = file.metadata["size"].flatMap({ Int($0) }), Limits.size.contains(size)
    else { throw RunError.badFile(path: path, reason: "its metadata give no image size") }
    architecture = try Self.architecture(file)
    guard let width = file.tensors["head.8.bias"]?.values.count, width == labels.count
    else {
      throw RunError.badFile(
        path: path, reason: "its last layer does not have an output for each of its \(labels.count) labels")
    }
    guard let origin = DataOrigin(metadata: file.metadata)
    else { throw RunError.badFile(path: path, reason: "its metadata do not say which data it was made of") }
    (self.labels, self.size, self.origin) = (labels, size, origin)
    try file.check(against: Parameters.expected(labels: labels.count, architecture))
  }

  /// Where it was read.
  public var path: String { file.path }

  /// What it was trained by; nil where its metadata do not say so.
  public var recipe: Configuration? {
    file.metadata[Self.recipeKey].flatMap { try? JSONDecoder().decode(Configuration.self, from: Data($0.utf8)) }
  }

  private static let recipeKey = "recipe"

  private static func read(_ path: String) throws -> TensorFile {
    do { return try SafeTensors.read(path) } catch {
      if case .unsupported(_, let reason) = error { throw RunError.badFile(path: path, reason: reason) }
      throw error
    }
  }

  /// The network's tensors under their PyTorch names, and no others.
  public var tensors: [String: StoredTensor] { file.tensors }

  /// Copies the weights into a network of the same architecture and as many labels.
  public func load(into parameters: Parameters) {
    for parameter in parameters.all {
      if let tensor = file.tensors[parameter.name] { parameters.load(tensor.values, into: parameter) }
    }
  }

  /// A hash of all tensors: equal for equal networks, almost certainly not for others.
  public var fingerprint: UInt64 {
    file.tensors.sorted { $0.key < $1.key }.reduce(0) { sum, tensor in
      unsafe sum &* 31
        &+ tensor.value.values.withUnsafeBufferPointer { unsafe hash(UnsafeMutableBufferPointer(mutating: $0)) }
    }
  }

  /// Refuses a network whose labels are not the dataset's, in the same order.
  public func check(labels expected: [String]) throws(RunError) {
    guard labels != expected else { return }
    throw .otherLabels(
      path: file.path, missing: expected.filter { !labels.contains($0) },
      unknown: labels.filter { !expected.contains($0) })
  }

  /// Refuses a network of another architecture than the recipe trains.
  public func check(architecture expected: Architecture) throws(RunError) {
    if architecture != expected { throw .otherArchitecture(path: file.path, it: architecture, recipe: expected) }
  }

  /// What the metadata call it. Files of before they did are of the only one there was.
  private static func architecture(_ file: TensorFile) throws(RunError) -> Architecture {
    guard let name = file.metadata["arch"] else { return .resnet50 }
    if let known = Architecture(rawValue: name) { return known }
    let all = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
    throw .badFile(path: file.path, reason: "its metadata call it '\(name)', which is none of \(all)")
  }

  private static func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }
}

extension Parameters {
  /// Names and PyTorch shapes of all tensors of a network.
  static func expected(labels: Int, _ architecture: Architecture) -> [(name: String, shape: [Int])] {
    Parameters(labels: labels, architecture: architecture).all.map { ($0.name, $0.shape) }
  }
}
