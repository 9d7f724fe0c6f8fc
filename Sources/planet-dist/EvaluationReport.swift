import Compute
import Inference
import Scores

/// Everything that `evaluate` tells, and what `--json` prints.
struct EvaluationReport: Encodable {
  let checkpoints: [String]
  let sizes: [Int]
  let precision: Precision
  let tta: String
  let images: Int
  let metrics: Metrics
  let microF2: Double
  let macroF2: Double?
  let meanAveragePrecision: Double?
  let labels: [LabelScore]
  /// Nil if there are too few images to hold some out.
  let thresholdSearch: ThresholdComparison?
  let calibration: Calibration

  init(
    _ predictions: Predictions, thresholds: Thresholds, checkpoints: [String], _ predictor: Predictor, tta: TTA
  ) {
    (self.checkpoints, sizes, self.tta) = (checkpoints, predictor.sizes, tta.rawValue)
    precision = predictor.precision
    images = predictions.images.count
    metrics = Metrics(predictions, thresholds: thresholds)
    let scores = LabelScores(predictions, thresholds: thresholds)
    (microF2, macroF2, meanAveragePrecision) = (scores.microF2, scores.macroF2, scores.meanAveragePrecision)
    labels = scores.labels
    thresholdSearch = ThresholdComparison(predictions, given: thresholds)
    calibration = Calibration(predictions)
  }

  private enum CodingKeys: CodingKey {
    case checkpoints, sizes, precision, tta, images, microF2, macroF2, meanAveragePrecision, labels, thresholdSearch
    case calibration
  }

  /// Loss and metrics stand beside the others, not in an object of their own.
  func encode(to encoder: any Encoder) throws {
    try metrics.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(checkpoints, forKey: .checkpoints)
    try values.encode(sizes, forKey: .sizes)
    try values.encode(precision, forKey: .precision)
    try values.encode(tta, forKey: .tta)
    try values.encode(images, forKey: .images)
    try values.encode(microF2, forKey: .microF2)
    try values.encodeIfPresent(macroF2, forKey: .macroF2)
    try values.encodeIfPresent(meanAveragePrecision, forKey: .meanAveragePrecision)
    try values.encode(labels, forKey: .labels)
    try values.encodeIfPresent(thresholdSearch, forKey: .thresholdSearch)
    try values.encode(calibration, forKey: .calibration)
  }
}
