import ArgumentParser
import Recipes
import Scores

/// Above which probability a label becomes a tag.
struct ThresholdOptions: ParsableArguments {
  @Option(help: "Probability above which a label becomes a tag. Default: \(Recipe.threshold).")
  var threshold: Double?

  @Option(
    help: "File with a threshold for each label, as evaluate --save-thresholds writes it, instead of --threshold.")
  var thresholds: String?

  /// Whether the user gave any.
  var areGiven: Bool { threshold != nil || thresholds != nil }

  func validate() throws {
    if let threshold { try Self.check(threshold) }
    if threshold != nil && thresholds != nil {
      throw ValidationError("--threshold and --thresholds exclude each other.")
    }
  }

  /// Throws for what is no threshold.
  static func check(_ threshold: Double) throws {
    if !(threshold > 0 && threshold < 1) {
      throw ValidationError("--threshold must be between 0 and 1, not \(threshold).")
    }
  }

  /// Reads the file, if there is one.
  ///
  /// - Parameter labels: the model's.
  func load(labels: [String]) throws -> Thresholds {
    if let thresholds { return try Thresholds(path: thresholds, labels: labels) }
    return Thresholds(threshold ?? Recipe.threshold, labels: labels)
  }
}
