/// What chosen thresholds are worth on images they were not chosen on: every image is scored with thresholds chosen on
/// the other half of the images. Chosen and scored on the same ones, more thresholds always seem better; held out, one
/// for each label often does worse than one for all (recipe §10.4).
public struct ThresholdComparison: Encodable, Sendable {
  public enum Kind: String, Encodable, CaseIterable, Sendable {
    /// The thresholds that were given: the recipe's 0.2, or the user's.
    case given
    /// One for all labels.
    case global
    /// One for each label.
    case perLabel = "per_label"
  }

  /// fbeta over all images at 0.01, 0.02, … 0.99 for every label: nothing held out.
  public let sweep: [Double]
  // fbeta over all images, held out where thresholds were chosen.
  public let given: Double
  public let global: Double
  public let perLabel: Double
  /// The thresholds for all labels that either half chose.
  public let globalOfHalves: [Double]
  /// The highest held-out fbeta; of equal ones the simpler.
  public let winner: Kind
  /// Chosen on all images, in the winning way.
  public let chosen: Thresholds

  /// - Returns: nil if there are not two images to put into halves.
  public init?(_ predictions: Predictions, given: Thresholds) {
    guard predictions.images.count >= 2 else { return nil }
    // The split drew validation images in random order, so every other one is a random half.
    let halves = [0, 1].map { first in
      predictions.rows(Array(stride(from: first, to: predictions.images.count, by: 2)))
    }
    let searches = halves.map(ThresholdSearch.init)
    func heldOut(_ thresholds: [Thresholds]) -> Double {
      let sums = zip(halves, thresholds.reversed()).map { $0.fbeta($1) * Double($0.images.count) }
      return sums.reduce(0, +) / Double(predictions.images.count)
    }
    globalOfHalves = searches.map { $0.global() }
    sweep = ThresholdSearch(predictions).sweep()
    self.given = predictions.fbeta(given)
    global = heldOut(globalOfHalves.map { Thresholds($0, labels: predictions.labels) })
    perLabel = heldOut(searches.map { $0.perLabel() })
    if self.given >= max(global, perLabel) {
      (winner, chosen) = (.given, given)
    } else if global >= perLabel {
      (winner, chosen) = (.global, Thresholds(ThresholdSearch(predictions).global(), labels: predictions.labels))
    } else {
      (winner, chosen) = (.perLabel, ThresholdSearch(predictions).perLabel())
    }
  }

  public func fbeta(_ kind: Kind) -> Double {
    switch kind {
    case .given: given
    case .global: global
    case .perLabel: perLabel
    }
  }
}
