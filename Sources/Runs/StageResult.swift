import Compute
import Files
public import Foundation
public import PlanetData
public import Recipes
public import Scores

/// What a stage came to, beside its table: `results/NAME.json`, from which reports are made.
public struct StageResult: Codable, Sendable {
  /// A validation image.
  public struct ImageFile: Codable, Sendable {
    public let name: String
    public let path: String
  }

  public let stage: Configuration.Stage
  /// The recipe it was a part of, as ``RecipeFile`` writes it.
  public let recipe: String
  public let date: Date
  /// Hosts, ranks, threads, instruction set: the training's banner.
  public let machine: String
  /// Images trained on, and the seconds the stage took by phase, on rank 0.
  public let images: Int
  public let phases: [String: Double]
  /// Which part of its training time each rank waited for others: a slow one waits for nobody. Nil in files of before they said.
  public let waiting: [Double]?
  public let labels: [String]
  /// The commonest labels, by their places in ``labels``, in that order; nil for all, as files of old have it.
  public let common: [Int]?
  /// Of all images, training and validation, how many have both of two of the labels ``common``.
  public let coOccurrence: [[Int]]
  /// The validation images, in the order of ``targets`` and ``probabilities``. Empty without validation.
  public let validation: [ImageFile]
  /// See ``Predictions``.
  public let targets: [Bool]
  public let probabilities: [Double]
  public let lossSums: [Double]

  public init(
    stage: Configuration.Stage, configuration: Configuration, dataset: Dataset, predictions: Predictions?,
    phases: Phases, waiting: [Double], images: Int, machine: String
  ) {
    (self.stage, self.machine, self.images) = (stage, machine, images)
    recipe = RecipeFile.text(configuration)
    date = Date()
    self.phases = Dictionary(uniqueKeysWithValues: phases.named.map { ($0.name, $0.duration.seconds) })
    self.waiting = waiting
    labels = dataset.labels
    let common = dataset.commonLabels(Self.pairLimit)
    self.common = common
    coOccurrence = dataset.coOccurrence(of: common)
    validation = (predictions?.images ?? []).map {
      ImageFile(name: dataset.images[$0].name, path: URL(fileURLWithPath: dataset.images[$0].path).path)
    }
    targets = predictions?.targets ?? []
    probabilities = predictions?.probabilities ?? []
    lossSums = predictions?.lossSums ?? []
  }

  /// The most labels with which a table of pairs can still be read.
  public static let pairLimit = 50

  /// What the network says of the validation images; nil without any.
  public var predictions: Predictions? {
    validation.isEmpty
      ? nil
      : Predictions(
        labels: labels, images: Array(validation.indices), targets: targets, probabilities: probabilities,
        lossSums: lossSums)
  }

  /// Reads a result and checks that its parts fit.
  public init(path: String) throws {
    let bytes = try RunFolder.read(path, limit: 1 << 30)
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let result = try? decoder.decode(StageResult.self, from: Data(bytes)),
      result.targets.count == result.validation.count * result.labels.count,
      result.probabilities.count == result.targets.count, result.lossSums.count == result.validation.count,
      (result.common ?? []).allSatisfy(result.labels.indices.contains),
      result.coOccurrence.count == (result.common ?? Array(result.labels.indices)).count,
      result.coOccurrence.allSatisfy({ $0.count == result.coOccurrence.count })
    else { throw RunError.badFile(path: path, reason: "it is not a stage's result") }
    self = result
  }

  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(String(decoding: try encoder.encode(self), as: UTF8.self), to: path)
  }
}
