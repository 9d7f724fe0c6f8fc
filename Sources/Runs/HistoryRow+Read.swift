import Files
import Scores

extension HistoryRow {
  /// The rows of a run's `history.csv`. Columns it does not know are ignored.
  ///
  /// - Throws: ``RunError/badFile(path:reason:)``, naming the line that is no row.
  public static func read(_ path: String) throws(RunError) -> [HistoryRow] {
    let table = try HistoryTable(path: path)
    var rows: [HistoryRow] = []
    for record in table.rows {
      let cells = Dictionary(zip(table.columns, record.fields), uniquingKeysWith: { first, _ in first })
      guard let row = HistoryRow(cells: cells) else {
        throw .badFile(
          path: "\(path), line \(record.line)", reason: "it is not an epoch's row" + HistoryTable.advice)
      }
      rows.append(row)
    }
    return rows
  }

  private init?(cells: [String: String]) {
    guard let stage = cells["stage"], let epoch = cells["epoch"].flatMap({ Int($0) }), epoch >= 0,
      let trainLoss = cells["train_loss"].flatMap({ Double($0) }), let seconds = cells["time"].flatMap(Self.seconds)
    else { return nil }
    var metrics: Metrics?
    let number = { (name: String) in cells[name].flatMap { Double($0) } }
    // Rows of before there was a metric have nothing in its column.
    let names = Metric.all.filter { $0.isOriginal || cells[$0.name].map { !$0.isEmpty } ?? false }.map(\.name)
    let scores = names.compactMap { name in number(name).map { (name, $0) } }
    if let loss = number("valid_loss"), scores.count == names.count {
      metrics = Metrics(loss: loss, scores: Dictionary(uniqueKeysWithValues: scores))
    } else if cells["valid_loss"] != "#na#" {
      return nil
    }
    self.init(stage: stage, epoch: epoch, trainLoss: trainLoss, metrics: metrics, seconds: seconds)
  }

  /// The inverse of ``clock(_:)``.
  private static func seconds(_ clock: String) -> Double? {
    let parts = clock.parts(by: ":").map { UInt32($0) }
    guard (2...3).contains(parts.count), !parts.contains(nil) else { return nil }
    return parts.reduce(0) { $0 * 60 + Double($1 ?? 0) }
  }
}
