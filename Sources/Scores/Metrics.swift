/// Loss and metrics of a set of images, as fastai prints them (recipe §8).
public struct Metrics: Codable, Equatable, Sendable {
  /// Binary cross-entropy, the mean over images and labels.
  public let loss: Double
  /// Fraction of labels on the right side of their threshold.
  public let accuracyThresh: Double
  /// F2 of each image's tags, averaged over images.
  public let fbeta: Double

  public init(loss: Double, accuracyThresh: Double, fbeta: Double) {
    (self.loss, self.accuracyThresh, self.fbeta) = (loss, accuracyThresh, fbeta)
  }

  /// - Parameter thresholds: a tag is given where its probability exceeds its label's; the recipe's by default.
  public init(_ predictions: Predictions, thresholds: Thresholds? = nil) {
    let thresholds = thresholds ?? Thresholds(labels: predictions.labels)
    let counts = predictions.countsOfImages(thresholds)
    let (images, labels) = (Double(max(1, counts.count)), Double(predictions.labels.count))
    let wrong = counts.reduce(0) { $0 + $1.wrong }
    self.init(
      loss: predictions.lossSums.reduce(0, +) / images / labels,
      accuracyThresh: Double(predictions.targets.count - wrong) / images / labels,
      fbeta: counts.reduce(0) { $0 + $1.fbeta } / images)
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
