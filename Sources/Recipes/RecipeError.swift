import Yams

/// Why a recipe cannot be read, or cannot be trained on some data.
public enum RecipeError: Error, Equatable, CustomStringConvertible {
  /// What is wrong with a recipe's file, and in which line, from 1; nil if it is the file as a whole.
  case file(path: String, line: Int?, reason: String)
  /// The training part has fewer images than one batch.
  case tooFewImages(train: Int, batchSize: Int)
  /// No training image has a label.
  case noLabels
  /// Early stopping, or keeping the best epoch, without validation images.
  case nothingToChooseBy
  /// Each rank's own batch normalization needs two images on each.
  case tooFewPerRank(batchSize: Int, ranks: Int)

  init(path: String, line: Int?, reason: String) { self = .file(path: path, line: line, reason: reason) }

  init(path: String, _ error: YamlError) {
    let (line, reason): (Int?, String) =
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        (mark.line, problem)
      case .duplicatedKeysInMapping(let duplicates, _):
        (nil, "\(duplicates.map { "\($0)" }.joined(separator: ", ")) is set twice")
      default: (nil, "\(error)")
      }
    self.init(path: path, line: line, reason: "not YAML: \(reason)")
  }

  public var description: String {
    switch self {
    case .file(let path, let line, let reason):
      "\(path)\(line.map { ", line \($0)" } ?? ""): \(reason)."
    case .tooFewImages(let train, let batchSize):
      "training: \(train) training images do not fill one batch of \(batchSize)."
    case .noLabels:
      "training: no training image has a tag."
    case .nothingToChooseBy:
      "training: early_stopping and keep_best go by fbeta, and there are no validation images."
    case .tooFewPerRank(let batchSize, let ranks):
      "training: batch_norm local needs two images on every rank, and a batch of \(batchSize) on \(ranks) ranks has fewer."
    }
  }
}
