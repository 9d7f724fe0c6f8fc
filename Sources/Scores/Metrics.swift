import Files
import Foundation

/// One number that tells how good predictions are.
public struct Metric: Sendable {
  /// fastai's name for it, by which tables, files and charts call it.
  public let name: String
  /// Whether every table and state that was ever written has it. One that was added later may be missing there.
  public let isOriginal: Bool
  /// Its value for predictions, given each image's tags, counted.
  let score: @Sendable (Predictions, [TagCounts]) -> Double

  /// All there are, in the table's order (recipe §8). A new one is an entry here, not original, and nothing else.
  public static let all = [
    // The fraction of labels on the right side of their threshold.
    Metric(name: "accuracy_thresh", isOriginal: true) { predictions, images in
      let wrong = images.reduce(0) { $0 + $1.wrong }
      return Double(predictions.targets.count - wrong) / Double(max(1, images.count)) / Double(predictions.labels.count)
    },
    // F2 of each image's tags, averaged over images.
    Metric(name: "fbeta", isOriginal: true) { _, images in
      images.reduce(0) { $0 + $1.fbeta } / Double(max(1, images.count))
    },
  ]
}

/// Loss and metrics of a set of images, as fastai prints them (recipe §8).
public struct Metrics: Equatable, Sendable {
  /// Binary cross-entropy, the mean over images and labels.
  public let loss: Double
  /// By name. A file that was written before there was a metric does not have it.
  private let scores: [String: Double]

  /// - Parameter scores: by the names of ``Metric/all``.
  public init(loss: Double, scores: [String: Double]) { (self.loss, self.scores) = (loss, scores) }

  /// - Parameter thresholds: a tag is given where its probability exceeds its label's; the recipe's by default.
  public init(_ predictions: Predictions, thresholds: Thresholds? = nil) {
    let counts = predictions.countsOfImages(thresholds ?? Thresholds(labels: predictions.labels))
    loss = predictions.lossSums.reduce(0, +) / Double(max(1, counts.count)) / Double(predictions.labels.count)
    scores = Dictionary(uniqueKeysWithValues: Metric.all.map { ($0.name, $0.score(predictions, counts)) })
  }

  /// All but the loss, in the table's order; nil for one that is not known.
  public var named: [(name: String, value: Double?)] { Metric.all.map { ($0.name, scores[$0.name]) } }
  /// The metric of a name; nil for one that is not known.
  public subscript(name: String) -> Double? { scores[name] }
  /// The metric that stages are judged by.
  public var fbeta: Double { scores["fbeta"] ?? 0 }
}

extension Metrics: Codable {
  /// In JSON the names are written as Swift's: `accuracyThresh`, as they were when each metric was a property.
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    init(_ name: String) {
      let words = name.parts(by: "_")
      stringValue = words[0] + words.dropFirst().map(\.capitalized).joined()
    }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    loss = try values.decode(Double.self, forKey: Key("loss"))
    var scores: [String: Double] = [:]
    for metric in Metric.all {
      let key = Key(metric.name)
      scores[metric.name] =
        try metric.isOriginal
        ? values.decode(Double.self, forKey: key) : values.decodeIfPresent(Double.self, forKey: key)
    }
    self.scores = scores
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(loss, forKey: Key("loss"))
    for (name, value) in named { try values.encodeIfPresent(value, forKey: Key(name)) }
  }
}

extension Predictions {
  /// Each image's tags, counted.
  func countsOfImages(_ thresholds: Thresholds) -> [TagCounts] {
    images.indices.map { row in
      labels.indices.reduce(into: TagCounts()) { counts, label in
        let place = place(row, label)
        counts.add(predicted: probabilities[place] > thresholds[label], actual: targets[place])
      }
    }
  }

  /// The mean of fastai's `fbeta` over images.
  func fbeta(_ thresholds: Thresholds) -> Double {
    countsOfImages(thresholds).reduce(0) { $0 + $1.fbeta } / Double(max(1, images.count))
  }
}
