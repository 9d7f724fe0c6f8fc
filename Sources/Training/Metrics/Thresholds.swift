import Checkpoints
import Files
import Foundation
import PlanetData

/// The probability above which each label's tag is given, between 0 and 1.
public struct Thresholds: Encodable, Equatable, Sendable {
  /// Names, in the model's order.
  public let labels: [String]
  /// One for each label.
  public var values: [Double]

  /// The same for every label.
  public init(_ value: Double = Recipe.threshold, labels: [String]) {
    self.labels = labels
    values = labels.map { _ in value }
  }

  /// The threshold of the label with that index.
  public subscript(label: Int) -> Double {
    get { values[label] }
    set { values[label] = newValue }
  }

  /// What all labels' are, if they are equal.
  public var uniform: Double? { Set(values).count == 1 ? values.first : nil }

  /// Reads a JSON object that gives each label its threshold: `{"agriculture": 0.19, …}`.
  ///
  /// - Parameter labels: the model's.
  /// - Throws: ``TrainingError/badThresholds(path:reason:)`` unless it names exactly these labels, all with numbers
  ///   between 0 and 1.
  public init(path: String, labels: [String]) throws(TrainingError) {
    let object: [String: Double]
    do {
      object = try JSONDecoder().decode([String: Double].self, from: Data(InputFile.read(path, limit: 1 << 20)))
    } catch let problem as FileError {
      throw .badThresholds(path: path, reason: "cannot be read (\(problem.reason))")
    } catch {
      throw .badThresholds(path: path, reason: "not a JSON object of labels and numbers")
    }
    let missing = labels.filter { object[$0] == nil }
    let unknown = object.keys.filter { !labels.contains($0) }.sorted()
    guard missing.isEmpty, unknown.isEmpty else {
      let differences = [("lacks", missing), ("has the unknown", unknown)].filter { !$0.1.isEmpty }
        .map { $0.0 + " " + $0.1.joined(separator: ", ") }
      throw .badThresholds(path: path, reason: differences.joined(separator: " and ") + ", against the model's labels")
    }
    self.labels = labels
    values = labels.compactMap { object[$0] }
    if let bad = zip(labels, values).first(where: { !($0.1 > 0 && $0.1 < 1) }) {
      throw .badThresholds(path: path, reason: "\(bad.0) has \(bad.1), not a number between 0 and 1")
    }
  }

  /// Writes what ``init(path:labels:)`` reads, all or nothing.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }

  public func encode(to encoder: any Encoder) throws {
    try Dictionary(zip(labels, values), uniquingKeysWith: { first, _ in first }).encode(to: encoder)
  }

  /// Names of the labels whose probabilities exceed their thresholds.
  func tags(_ probabilities: some Collection<Double>) -> [String] {
    zip(zip(labels, values), probabilities).filter { $0.1 < $1 }.map(\.0.0)
  }
}
