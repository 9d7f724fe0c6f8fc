/// Tags that were given and tags that are true, counted: of one image, of one label, or of all.
struct TagCounts: Equatable, Sendable {
  /// Tags that were given and are true.
  var truePositives = 0
  /// Tags that were given.
  var predicted = 0
  /// Tags that are true.
  var actual = 0

  mutating func add(predicted isPredicted: Bool, actual isActual: Bool) {
    truePositives += isPredicted && isActual ? 1 : 0
    predicted += isPredicted ? 1 : 0
    actual += isActual ? 1 : 0
  }

  /// Tags that were given and are not true, or the other way about.
  var wrong: Int { predicted + actual - 2 * truePositives }

  // As scikit-learn has them with `zero_division=0`: what has nothing to divide by is 0.
  var precision: Double { ratio(truePositives, predicted) }
  var recall: Double { ratio(truePositives, actual) }
  /// `(1 + β²) TP / ((1 + β²) TP + β² FN + FP)` with β = 2.
  var f2: Double { ratio(5 * truePositives, 4 * actual + predicted) }

  /// fastai's `fbeta` with beta 2 of one image (recipe §8): F2 but for the epsilons. No predicted tag scores 0.
  var fbeta: Double {
    let epsilon = 1e-9
    let precision = Double(truePositives) / (Double(predicted) + epsilon)
    let recall = Double(truePositives) / (Double(actual) + epsilon)
    return 5 * precision * recall / (4 * precision + recall + epsilon)
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
}
