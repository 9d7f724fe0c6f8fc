import Foundation
public import PlanetData
import ResNet

/// What networks say of a set of images, beside what is true of them: all that metrics are made of. The same on every
/// rank, and for every number of ranks.
public struct Predictions: Sendable {
  /// Names of the columns.
  public let labels: [String]
  /// Which image each row is: indices into the dataset's images.
  public let images: [Int]
  /// Whether the image has the label, `[images, labels]`.
  public let targets: [Bool]
  /// How likely the image has the label: σ of a logit, or a mean of several such, `[images, labels]`.
  public let probabilities: [Double]
  /// Binary cross-entropy of each image, summed over labels.
  public let lossSums: [Double]

  public init(labels: [String], images: [Int], targets: [Bool], probabilities: [Double], lossSums: [Double]) {
    precondition(targets.count == images.count * labels.count && probabilities.count == targets.count)
    precondition(lossSums.count == images.count)
    (self.labels, self.images, self.targets) = (labels, images, targets)
    (self.probabilities, self.lossSums) = (probabilities, lossSums)
  }

  /// One network's predictions.
  ///
  /// - Parameters:
  ///   - logits: `[images, labels]`.
  ///   - images: indices into the dataset's images.
  public init(logits: [Float], of images: [Int], in dataset: Dataset) {
    let (labels, targets) = (dataset.labels.count, Self.targets(images, in: dataset))
    let lossSums = images.indices.map { row in
      let columns = row * labels..<(row + 1) * labels
      let truth: [Float] = targets[columns].map { $0 ? 1 : 0 }
      return unsafe logits.withUnsafeBufferPointer { logits in
        unsafe truth.withUnsafeBufferPointer {
          unsafe MultiLabelLoss.sum(.init(rebasing: logits[columns]), targets: $0)
        }
      }
    }
    self.init(
      labels: dataset.labels, images: images, targets: targets, probabilities: logits.map(Self.sigmoid),
      lossSums: lossSums)
  }

  /// Predictions averaged over several views or networks. Where a probability is 0 or 1 and should be the other, the loss
  /// is cut off at 100, as by `torch.nn.BCELoss`.
  public init(probabilities: [Double], of images: [Int], in dataset: Dataset) {
    let (labels, targets) = (dataset.labels.count, Self.targets(images, in: dataset))
    let losses = zip(probabilities, targets).map { p, isTrue in min(100, -log(isTrue ? p : 1 - p)) }
    self.init(
      labels: dataset.labels, images: images, targets: targets, probabilities: probabilities,
      lossSums: images.indices.map { row in losses[row * labels..<(row + 1) * labels].reduce(0, +) })
  }

  /// The loss of a row's image: binary cross-entropy, the mean over labels.
  public func loss(_ row: Int) -> Double { lossSums[row] / Double(labels.count) }

  /// The place of a row's image and a label in ``targets`` and ``probabilities``.
  public func place(_ row: Int, _ label: Int) -> Int { row * labels.count + label }

  /// Some of the rows.
  func rows(_ rows: [Int]) -> Predictions {
    let places = rows.flatMap { row in labels.indices.map { place(row, $0) } }
    return Predictions(
      labels: labels, images: rows.map { images[$0] }, targets: places.map { targets[$0] },
      probabilities: places.map { probabilities[$0] }, lossSums: rows.map { lossSums[$0] })
  }

  /// A label's column.
  func column<Value>(_ label: Int, of values: [Value]) -> [Value] {
    images.indices.map { values[place($0, label)] }
  }

  public static func sigmoid(_ logit: Float) -> Double { 1 / (1 + exp(-Double(logit))) }

  private static func targets(_ images: [Int], in dataset: Dataset) -> [Bool] {
    images.flatMap { image in
      var row = [Bool](repeating: false, count: dataset.labels.count)
      for label in dataset.images[image].targets { row[label] = true }
      return row
    }
  }
}
