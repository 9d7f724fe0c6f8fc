import Foundation
import PlanetData
import Recipes
import Runs
import Scores

/// What the report says of a stage's network: its labels, and the images it gets most wrong.
struct ResultPage {
  let stage: String
  let summary: String
  let labels: [LabelRow]
  let losses: [Figure]
  let mistakes: [Figure]

  /// How many pictures each list has.
  static let chips = 12

  struct LabelRow {
    let label: String
    let support: Int
    let predicted: Int
    let precision: String
    let recall: String
    let f2: String
    let averagePrecision: String
    /// The length of F2's bar.
    let bar: String
  }

  /// Nil where nothing was validated.
  init?(_ result: StageResult) {
    guard let predictions = result.predictions else { return nil }
    let thresholds = Thresholds(labels: result.labels)
    let (metrics, scores) = (Metrics(predictions), LabelScores(predictions, thresholds: thresholds))
    let number = { (value: Double?) in value.map { String(format: "%.3f", $0) } ?? "n/a" }
    stage = result.stage.name
    summary =
      "\(result.validation.count) validation images, tags above probability \(Recipe.threshold): loss "
      + String(format: "%.6f", metrics.loss)
      + metrics.named.map { ", \($0.name) " + String(format: "%.6f", $0.value ?? .nan) }.joined()
      + ", micro F2 \(number(scores.microF2)), macro F2 \(number(scores.macroF2)), mean average precision "
      + "\(number(scores.meanAveragePrecision))."
    labels = scores.labels.map {
      LabelRow(
        label: $0.label, support: $0.support, predicted: $0.predicted, precision: number($0.precision),
        recall: number($0.recall), f2: number($0.f2), averagePrecision: number($0.averagePrecision),
        bar: String(format: "%.2f", 6 * ($0.f2 ?? 0)))
    }
    let figures = FigureMaker(result: result, predictions: predictions)
    losses = figures.highestLoss(Self.chips)
    mistakes = figures.mistakes(Self.chips)
  }
}
