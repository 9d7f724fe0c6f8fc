public import PlanetData

/// What a model that never looks at an image can reach: the commonest labels for every image (recipe §0's sanity floors).
public struct Baseline: Sendable {
  /// The labels to predict.
  public let labels: [String]
  /// Their mean F2 over the validation images.
  public let fbeta: Double

  /// Tries the commonest label of the training part, the two commonest, and so on.
  public init(_ dataset: Dataset) {
    var counts = [Int](repeating: 0, count: dataset.labels.count)
    for index in dataset.train { for label in dataset.images[index].targets { counts[label] += 1 } }
    let ranking = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    var best: (count: Int, fbeta: Double) = (0, 0)
    for count in 1...max(1, ranking.count) {
      let fbeta = Self.fbeta(predicting: Set(ranking.prefix(count)), in: dataset)
      if fbeta > best.fbeta { best = (count, fbeta) }
    }
    labels = ranking.prefix(best.count).map { dataset.labels[$0] }
    fbeta = best.fbeta
  }

  /// Mean F2 over the validation images of predicting these labels for each.
  static func fbeta(predicting predicted: Set<Int>, in dataset: Dataset) -> Double {
    let scores = dataset.valid.map { index in
      let actual = dataset.images[index].targets
      let hits = actual.count { predicted.contains($0) }
      return TagCounts(truePositives: hits, predicted: predicted.count, actual: actual.count).fbeta
    }
    return scores.reduce(0, +) / Double(max(1, scores.count))
  }
}
