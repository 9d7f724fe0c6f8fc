import Files
import Foundation
public import PlanetData
public import Scores

/// What is written about each image: a CSV file (RFC 4180) with a row for each.
public struct Submission: Sendable {
  public enum Columns: Sendable {
    /// `image_name,tags`: the labels above their thresholds, separated by a space.
    case tags(Thresholds)
    /// A column with each label's probability.
    case probabilities
  }

  private let columns: Columns
  private let rows: [SampleSubmission.Row]?

  /// - Parameter rows: by default the images as they come.
  public init(_ columns: Columns, rows: [SampleSubmission.Row]? = nil) {
    (self.columns, self.rows) = (columns, rows)
  }

  /// - Parameter probabilities: `[images, labels]`.
  public func text(_ samples: [Sample], labels: [String], probabilities: [Double]) -> String {
    let header =
      switch columns {
      case .tags: ["tags"]
      case .probabilities: labels
      }
    let rows = self.rows ?? samples.indices.map { SampleSubmission.Row(name: samples[$0].name, place: $0) }
    let lines = rows.map { image in
      let row = probabilities[image.place * labels.count..<(image.place + 1) * labels.count]
      return switch columns {
      case .tags(let thresholds): [image.name, thresholds.tags(row).joined(separator: " ")]
      case .probabilities: [image.name] + row.map { String(format: "%.7f", $0) }
      }
    }
    return ([["image_name"] + header] + lines).map(CSV.line).joined()
  }
}
