import Files
import Scores

/// A `history.csv` as it lies there. A spreadsheet that saved it may have reordered and added columns, quoted fields, and
/// left a byte order mark and CRLF.
struct HistoryTable {
  /// The columns that a run writes.
  static let columns = ["stage"] + HistoryRow.columns

  /// The columns without which a file is no such table. A metric that was added later is not among them.
  private static let needed = columns.filter { name in !Metric.all.contains { $0.name == name && !$0.isOriginal } }

  let columns: [String]
  /// As many fields each as there are columns.
  let rows: [CSV.Record]
  /// Which of the columns names the stage.
  let stage: Int

  /// A file without a byte is a table without a row.
  ///
  /// - Throws: ``RunError/badFile(path:reason:)``, naming the line that belongs to no table of ours.
  init(path: String) throws(RunError) {
    let bytes = try RunFolder.read(path, limit: Self.sizeLimit)
    let records: [CSV.Record]
    do throws(CSV.Problem) {
      records = try CSV.records(bytes) { (problem) throws(CSV.Problem) in throw problem }
    } catch {
      throw .badFile(path: "\(path), line \(error.line)", reason: error.reason + Self.advice)
    }
    columns = records.first?.fields ?? Self.columns
    guard let stage = columns.firstIndex(of: "stage"), Self.needed.allSatisfy(columns.contains),
      Set(columns.filter { !$0.isEmpty }).count == columns.count(where: { !$0.isEmpty })
    else {
      throw .badFile(
        path: path, reason: "its columns are not \(Self.columns.joined(separator: ","))" + Self.advice)
    }
    self.stage = stage
    rows = records.dropFirst().filter { $0.fields.contains { !$0.isEmpty } }
    if let odd = rows.first(where: { $0.fields.count != columns.count }) {
      throw .badFile(
        path: "\(path), line \(odd.line)",
        reason: "it has \(odd.fields.count) fields for \(columns.count) columns" + Self.advice)
    }
  }

  /// A hundred thousand epochs take a third of it.
  private static let sizeLimit = 1 << 24
  static let advice = " (correct it, or move the file away)"
}
