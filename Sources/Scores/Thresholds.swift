import Checkpoints
import Files
import Foundation
public import Recipes

/// The probability above which each label's tag is given, between 0 and 1.
public struct Thresholds: Encodable, Equatable, Sendable {
  /// Names, in the model's order.
  public let labels: [String]
  /// One for each label.
  public var values: [Double]
  /// The data they were chosen on, if that is known.
  public var origin: DataOrigin?

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

  /// Reads a JSON object that gives each label its threshold, and may say what they were chosen on:
  /// `{"agriculture": 0.19, …, "__metadata__": {"data": {…}}}`.
  ///
  /// - Parameter labels: the model's.
  /// - Throws: ``ScoreError/badThresholds(path:reason:)`` unless it names exactly these labels, all with numbers
  ///   between 0 and 1.
  public init(path: String, labels: [String]) throws(ScoreError) {
    let file: File
    do {
      file = try StrictJSON.decode(from: InputFile.read(path, limit: 64 << 20))
    } catch let problem as FileError {
      throw .badThresholds(path: path, reason: "cannot be read (\(problem.reason))")
    } catch let problem as StrictJSON.Problem {
      throw .badThresholds(path: path, reason: problem.reason)
    } catch {
      throw .badThresholds(path: path, reason: "not a JSON object of labels and numbers")
    }
    let object = file.values
    let missing = labels.filter { object[$0] == nil }
    let unknown = object.keys.filter { !labels.contains($0) }.sorted()
    guard missing.isEmpty, unknown.isEmpty else {
      let differences = [("lacks", missing), ("has the unknown", unknown)].filter { !$0.1.isEmpty }
        .map { $0.0 + " " + $0.1.joined(separator: ", ") }
      throw .badThresholds(path: path, reason: differences.joined(separator: " and ") + ", against the model's labels")
    }
    (self.labels, origin) = (labels, file.origin)
    values = labels.compactMap { object[$0] }
    if let bad = zip(labels, values).first(where: { !($0.1 > 0 && $0.1 < 1) }) {
      throw .badThresholds(path: path, reason: "\(bad.0) has \(bad.1), not a number between 0 and 1")
    }
  }

  /// Writes what ``init(path:labels:)`` reads, all or nothing.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let quoted = { (text: String) in String(decoding: try encoder.encode(text), as: UTF8.self) }
    var lines = try zip(labels, values).sorted { $0.0 < $1.0 }.map { label, value in "\(try quoted(label)): \(value)" }
    if let origin, !labels.contains(File.metadata) {
      lines.append("\"\(File.metadata)\": {\"\(DataOrigin.key)\": \(try origin.json)}")
    }
    try AtomicFile.write("{\n" + lines.map { "  " + $0 }.joined(separator: ",\n") + "\n}\n", to: path)
  }

  public func encode(to encoder: any Encoder) throws {
    try Dictionary(zip(labels, values), uniquingKeysWith: { first, _ in first }).encode(to: encoder)
  }

  /// Names of the labels whose probabilities exceed their thresholds.
  public func tags(_ probabilities: some Collection<Double>) -> [String] {
    zip(zip(labels, values), probabilities).filter { $0.1 < $1 }.map(\.0.0)
  }

  /// What a file holds.
  private struct File: Decodable {
    /// As safetensors call it; a label of this name has a number.
    static let metadata = "__metadata__"
    var values: [String: Double] = [:]
    var origin: DataOrigin?

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: Key.self)
      for key in members.allKeys {
        if key.stringValue == Self.metadata, let about = try? members.decode([String: DataOrigin].self, forKey: key) {
          origin = about[DataOrigin.key]
        } else {
          values[key.stringValue] = try members.decode(Double.self, forKey: key)
        }
      }
    }

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
  }
}
