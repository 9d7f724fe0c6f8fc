import Collectives
import Foundation
import ResNet

/// Loss and metrics of a set of images, as fastai prints them (recipe §8).
public struct Metrics: Codable, Equatable, Sendable {
  /// Binary cross-entropy, the mean over images and labels.
  public let loss: Double
  /// Fraction of labels on the right side of the threshold.
  public let accuracyThresh: Double
  /// F2 of each image's tags, averaged over images.
  public let fbeta: Double
}

/// One image's share of the metrics. Sums over labels, so that averages are taken once, over all ranks' images.
struct ImageScore: Equatable {
  var lossSum: Double
  var correct: Double
  var fbeta: Double

  init(logits: UnsafeBufferPointer<Float>, targets: UnsafeBufferPointer<Float>, threshold: Double = Recipe.threshold) {
    lossSum = MultiLabelLoss.sum(logits, targets: targets)
    var (truePositives, predicted, actual, correct) = (0, 0, 0, 0)
    for (z, y) in zip(logits, targets) {
      let isPredicted = 1 / (1 + exp(-Double(z))) > threshold
      let isActual = y > 0.5
      truePositives += isPredicted && isActual ? 1 : 0
      predicted += isPredicted ? 1 : 0
      actual += isActual ? 1 : 0
      correct += isPredicted == isActual ? 1 : 0
    }
    self.correct = Double(correct)
    fbeta = Self.fbeta(truePositives, predicted: predicted, actual: actual)
  }

  /// fastai's `fbeta` of one image with beta 2: no predicted tag scores 0.
  static func fbeta(_ truePositives: Int, predicted: Int, actual: Int, epsilon: Double = 1e-9) -> Double {
    let precision = Double(truePositives) / (Double(predicted) + epsilon)
    let recall = Double(truePositives) / (Double(actual) + epsilon)
    return 5 * precision * recall / (4 * precision + recall + epsilon)
  }
}

/// Scores of all images of an evaluation, each computed by one rank.
///
/// A slot for every image: summing them over ranks adds zeros to one value, which is exact, and the averages then run
/// over the images in order. So every number of ranks reports the same digits.
struct ScoreBoard {
  private var slots: [Double]
  private let count: Int

  init(images: Int) {
    count = images
    slots = [Double](repeating: 0, count: 3 * images)
  }

  /// Records the score of the `place`-th image.
  mutating func record(_ score: ImageScore, at place: Int) {
    slots[3 * place] = score.lossSum
    slots[3 * place + 1] = score.correct
    slots[3 * place + 2] = score.fbeta
  }

  /// The metrics over the images of all ranks, the same on each.
  func metrics(labels: Int, communicator: Communicator) throws(CommunicationError) -> Metrics {
    let all = try communicator.sum(slots)
    let mean = { (which: Int) in (0..<count).reduce(0.0) { $0 + all[3 * $1 + which] } / Double(max(1, count)) }
    return Metrics(loss: mean(0) / Double(labels), accuracyThresh: mean(1) / Double(labels), fbeta: mean(2))
  }
}
