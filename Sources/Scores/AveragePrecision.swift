/// How well a label's probabilities rank its images.
enum AveragePrecision {
  /// `Σ (Rₙ − Rₙ₋₁) Pₙ` over the distinct probabilities from the highest down, where Pₙ and Rₙ are precision and recall
  /// of all images at least that probable: scikit-learn's `average_precision_score`. Equal probabilities count together.
  ///
  /// - Returns: nil where no image has the label.
  static func score(_ probabilities: [Double], _ targets: [Bool]) -> Double? {
    let positives = targets.count { $0 }
    guard positives > 0 else { return nil }
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
    var (score, truePositives, counted) = (0.0, 0, 0)
    for (place, index) in order.enumerated() {
      truePositives += targets[index] ? 1 : 0
      let isLastOfEqual = place + 1 == order.count || probabilities[order[place + 1]] < probabilities[index]
      guard isLastOfEqual else { continue }
      let recallGained = Double(truePositives - counted) / Double(positives)
      score += recallGained * Double(truePositives) / Double(place + 1)
      counted = truePositives
    }
    return score
  }
}
