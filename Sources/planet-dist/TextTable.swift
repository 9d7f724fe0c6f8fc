import Files
import Foundation

/// Columns under each other, for people.
enum TextTable {
  enum Column {
    /// Flush left in at least so many characters.
    case left(Int)
    /// Flush right in at least so many characters.
    case right(Int)
  }

  /// A line. The last column is used again for cells beyond it.
  ///
  /// - Parameter gap: spaces between columns.
  static func line(_ cells: [String], _ columns: [Column], gap: Int = 2) -> String {
    let padded = cells.enumerated().map { place, cell in
      switch columns[min(place, columns.count - 1)] {
      case .left(let width): cell + spaces(width - cell.count)
      case .right(let width): spaces(width - cell.count) + cell
      }
    }
    return padded.joined(separator: spaces(gap))
  }

  /// All lines of a table, as wide as they need: the first column flush left, the others flush right.
  static func lines(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    let columns = first.indices.map { column in
      let width = rows.map { $0[column].count }.max() ?? 0
      return column == 0 ? Column.left(width) : .right(width)
    }
    return rows.map { line($0, columns) }
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
