import Compute
import Inference
import Scores

/// All that `evaluate` says, as `--json` prints it.
struct EvaluationReport: Encodable {
  let checkpoints: [String]
  let sizes: [Int]
  let precision: Precision
  let tta: String
  let images: Int
  let loss: Double
  let accuracyThresh: Double
  let fbeta: Double
  let microF2: Double
  let macroF2: Double?
  let meanAveragePrecision: Double?
  let labels: [LabelScore]
  /// Nil where there are too few images to hold some out.
  let thresholdSearch: ThresholdComparison?
  let calibration: Calibration

  init(
    _ predictions: Predictions, thresholds: Thresholds, checkpoints: [String], _ predictor: Predictor, tta: TTA
  ) {
    (self.checkpoints, sizes, self.tta) = (checkpoints, predictor.sizes, tta.rawValue)
    precision = predictor.engine.precision
    images = predictions.images.count
    let metrics = Metrics(predictions, thresholds: thresholds)
    (loss, accuracyThresh, fbeta) = (metrics.loss, metrics.accuracyThresh, metrics.fbeta)
    let scores = LabelScores(predictions, thresholds: thresholds)
    (microF2, macroF2, meanAveragePrecision) = (scores.microF2, scores.macroF2, scores.meanAveragePrecision)
    labels = scores.labels
    thresholdSearch = ThresholdComparison(predictions, given: thresholds)
    calibration = Calibration(predictions)
  }
}
