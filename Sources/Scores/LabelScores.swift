/// How well one label is told.
public struct LabelScore: Codable, Equatable, Sendable {
  public let label: String
  /// Above which probability it is given.
  public let threshold: Double
  /// Images that have the label.
  public let support: Int
  /// Images it is given to.
  public let predicted: Int
  // Nil, "not applicable", where no image has the label. A label given to none has precision 0.
  public let precision: Double?
  public let recall: Double?
  public let f2: Double?
  /// See ``AveragePrecision``.
  public let averagePrecision: Double?
}

/// Every label's scores, and their means.
public struct LabelScores: Sendable {
  /// In the model's order.
  public let labels: [LabelScore]
  /// F2 of all tags of all images, counted together.
  public let microF2: Double
  // Means over the labels that some image has: rare ones weigh as much as common ones. Nil without any.
  public let macroF2: Double?
  public let meanAveragePrecision: Double?

  public init(_ predictions: Predictions, thresholds: Thresholds) {
    var all = TagCounts()
    labels = predictions.labels.indices.map { label in
      let probabilities = predictions.column(label, of: predictions.probabilities)
      let targets = predictions.column(label, of: predictions.targets)
      var counts = TagCounts()
      for (p, isActual) in zip(probabilities, targets) {
        counts.add(predicted: p > thresholds[label], actual: isActual)
        all.add(predicted: p > thresholds[label], actual: isActual)
      }
      let isApplicable = counts.actual > 0
      return LabelScore(
        label: predictions.labels[label], threshold: thresholds[label], support: counts.actual,
        predicted: counts.predicted, precision: isApplicable ? counts.precision : nil,
        recall: isApplicable ? counts.recall : nil, f2: isApplicable ? counts.f2 : nil,
        averagePrecision: AveragePrecision.score(probabilities, targets))
    }
    microF2 = all.f2
    macroF2 = Self.mean(labels.compactMap(\.f2))
    meanAveragePrecision = Self.mean(labels.compactMap(\.averagePrecision))
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
