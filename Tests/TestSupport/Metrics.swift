public import Scores

extension Metrics {
  /// Of the two metrics that the recipe has.
  public init(loss: Double, accuracyThresh: Double, fbeta: Double) {
    self.init(loss: loss, scores: ["accuracy_thresh": accuracyThresh, "fbeta": fbeta])
  }

  public var accuracyThresh: Double { self["accuracy_thresh"] ?? .nan }
}
