import Foundation
public import PlanetData

/// What a model that never looks at an image can reach: the commonest labels for every image (recipe §0's sanity floors).
public struct Baseline: CustomStringConvertible, Sendable {
  /// The labels to predict.
  public let labels: [String]
  /// Their mean F2 over the validation images.
  public let fbeta: Double

  /// Tries the commonest label of the training part, the two commonest, and so on.
  public init(_ dataset: Dataset) {
    var counts = [Int](repeating: 0, count: dataset.labels.count)
    for index in dataset.train { for label in dataset.images[index].targets { counts[label] += 1 } }
    let ranking = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    let scores = Self.scores(of: ranking, in: dataset)
    let best = scores.indices.max { (scores[$0], $1) < (scores[$1], $0) }
    labels = ranking.prefix(best.map { $0 + 1 } ?? 0).map { dataset.labels[$0] }
    fbeta = best.map { scores[$0] } ?? 0
  }

  /// Mean F2 over the validation images of predicting the first label of a ranking for each, the first two, and so on.
  static func scores(of ranking: [Int], in dataset: Dataset) -> [Double] {
    var counts = dataset.valid.map { TagCounts(actual: dataset.images[$0].targets.count) }
    var images = [[Int]](repeating: [], count: dataset.labels.count)
    for (row, index) in dataset.valid.enumerated() {
      for label in dataset.images[index].targets { images[label].append(row) }
    }
    return ranking.map { label in
      for row in images[label] { counts[row].truePositives += 1 }
      for row in counts.indices { counts[row].predicted += 1 }
      return counts.reduce(0) { $0 + $1.fbeta } / Double(max(1, counts.count))
    }
  }

  /// "primary clear for every image would give fbeta 0.676": what scores are to be compared with.
  public var description: String {
    let names = labels.count > 20 ? "the \(labels.count) commonest labels" : labels.joined(separator: " ")
    return "\(names) for every image would give fbeta " + String(format: "%.6f", fbeta)
  }
}
