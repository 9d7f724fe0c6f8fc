import Foundation
import PlanetData

/// What is written about each image: a CSV file (RFC 4180) with a row for each.
public struct Submission: Sendable {
  public enum Columns: Sendable {
    /// `image_name,tags`: the labels above their thresholds, separated by a space.
    case tags(Thresholds)
    /// A column with each label's probability.
    case probabilities
  }

  private let columns: Columns
  private let order: [Int]?

  /// - Parameter order: the rows, as places in the list of images; by default as the images come.
  public init(_ columns: Columns, order: [Int]? = nil) {
    (self.columns, self.order) = (columns, order)
  }

  /// - Parameter probabilities: `[images, labels]`.
  func text(_ samples: [Sample], labels: [String], probabilities: [Double]) -> String {
    let header =
      switch columns {
      case .tags: ["tags"]
      case .probabilities: labels
      }
    let rows = (order ?? Array(samples.indices)).map { place in
      let row = probabilities[place * labels.count..<(place + 1) * labels.count]
      return switch columns {
      case .tags(let thresholds): [samples[place].name, thresholds.tags(row).joined(separator: " ")]
      case .probabilities: [samples[place].name] + row.map { String(format: "%.7f", $0) }
      }
    }
    return ([["image_name"] + header] + rows).map(Self.line).joined()
  }

  static func line(_ cells: [String]) -> String {
    let quoted = cells.map { cell in
      cell.contains { ",\"\n\r".contains($0) } ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }
    return quoted.joined(separator: ",") + "\n"
  }
}
