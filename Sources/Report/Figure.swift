import Foundation
import PlanetData
import Recipes
import Runs
import Scores

/// An image with its tags and what the network says of it.
struct Figure {
  let name: String
  let path: String
  let heading: String
  /// Base64 of a JPEG; nil where the image is gone.
  let jpeg: String?
  let tags: [Tag]
  /// How many tags are not listed; empty if all are.
  let more: String

  struct Tag {
    let label: String
    let probability: String
    /// `hit`, `wrong` or `missed`: the style sheet's classes.
    let kind: String
  }
}

/// Chooses the images worth looking at.
struct FigureMaker {
  let result: StageResult
  let predictions: Predictions

  /// The images with the highest loss, the highest first.
  func highestLoss(_ count: Int) -> [Figure] {
    let rows = predictions.images.indices.sorted { predictions.loss($0) > predictions.loss($1) }
    return rows.prefix(count).map { figure($0, String(format: "loss %.3f", predictions.loss($0))) }
  }

  /// The images with the label that is most surely on the wrong side of the threshold, each image once.
  func mistakes(_ count: Int) -> [Figure] {
    let worst = predictions.images.indices.compactMap { row -> (row: Int, label: Int, error: Double)? in
      let wrong = result.labels.indices.filter { label in
        let place = predictions.place(row, label)
        return (predictions.probabilities[place] > Recipe.threshold) != predictions.targets[place]
      }
      return wrong.map { (row, $0, error(row, $0)) }.max { $0.error < $1.error }
    }
    return worst.sorted { $0.error > $1.error }.prefix(count).map { figure($0.row, result.labels[$0.label]) }
  }

  private func error(_ row: Int, _ label: Int) -> Double {
    let place = predictions.place(row, label)
    return abs(predictions.probabilities[place] - (predictions.targets[place] ? 1 : 0))
  }

  private func figure(_ row: Int, _ heading: String) -> Figure {
    let image = result.validation[row]
    let tags = result.labels.indices.compactMap { label -> Figure.Tag? in
      let place = predictions.place(row, label)
      let (p, isTrue) = (predictions.probabilities[place], predictions.targets[place])
      let isGiven = p > Recipe.threshold
      guard isGiven || isTrue else { return nil }
      return Figure.Tag(
        label: result.labels[label], probability: String(format: "%.2f", p),
        kind: isGiven ? (isTrue ? "hit" : "wrong") : "missed")
    }
    let rest = tags.count - Self.tags
    return Figure(
      name: image.name, path: image.path, heading: heading, jpeg: Self.jpeg(image.path),
      tags: Array(tags.prefix(Self.tags)), more: rest > 0 ? "and \(rest) more" : "")
  }

  /// Tags listed under a picture: nobody reads more.
  private static let tags = 30

  /// Encoded anew: browsers show Planet's own four-component JPEGs in wrong colours.
  private static func jpeg(_ path: String) -> String? {
    guard let image = try? Image.decode(path), let bytes = JPEG.encode(image, quality: 85) else { return nil }
    return Data(bytes).base64EncodedString()
  }
}
