public import Files
import Foundation
public import Scores

/// What fastai's recorder prints for one epoch (recipe §8).
public struct HistoryRow: Codable, Equatable, Sendable {
  public var stage: String
  public var epoch: Int
  public var trainLoss: Double
  /// Nil where nothing is kept for validation.
  public var metrics: Metrics?
  /// How long training and validation took.
  public var seconds: Double

  public init(stage: String, epoch: Int, trainLoss: Double, metrics: Metrics?, seconds: Double) {
    (self.stage, self.epoch, self.trainLoss) = (stage, epoch, trainLoss)
    (self.metrics, self.seconds) = (metrics, seconds)
  }

  /// The table's header.
  public static let columns = ["epoch", "train_loss", "valid_loss"] + Metric.all.map(\.name) + ["time"]

  /// The row's cells as fastai formats them: `%.6f`, and `MM:SS` or `H:MM:SS`.
  public var cells: [String] {
    let number = { (value: Double?) in value.map { String(format: "%.6f", $0) } ?? "#na#" }
    let scores = Metric.all.map { number(metrics?[$0.name]) }
    return [String(epoch), number(trainLoss), number(metrics?.loss)] + scores + [Self.clock(seconds)]
  }

  public static func clock(_ seconds: Double) -> String {
    let total = Int(seconds)
    let (h, m, s) = (total / 3600, total / 60 % 60, total % 60)
    return h > 0 ? String(format: "%d:%02d:%02d", h, m, s) : String(format: "%02d:%02d", m, s)
  }
}

/// A run's table in `history.csv`: fastai's columns, with the stage before them.
public struct History {
  private let path: String
  private let stages: [String]
  /// Columns in the order of the file that is there, those that a spreadsheet added included, and the rows of stages that
  /// an earlier run into the same folder trained and this one does not.
  private var columns = HistoryTable.columns
  private var earlier: [[String]] = []

  public init(path: String, stages: [String]) { (self.path, self.stages) = (path, stages) }

  /// Takes up what earlier runs left, before this one writes.
  ///
  /// - Throws: ``RunError/badFile(path:reason:)`` for a file that cannot be read as a table: its rows would be lost.
  public mutating func begin() throws(RunError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let table = try HistoryTable(path: path)
    columns = table.columns + HistoryTable.columns.filter { !table.columns.contains($0) }
    earlier = table.rows.map(\.fields).filter { !stages.contains($0[table.stage]) }
      .map { $0 + Array(repeating: "", count: columns.count - $0.count) }
  }

  /// Replaces the file by the earlier lines and `rows`.
  public func write(_ rows: [HistoryRow]) throws(FileError) {
    let own = rows.map { row in
      let cells = Dictionary(uniqueKeysWithValues: zip(HistoryTable.columns, [row.stage] + row.cells))
      return columns.map { cells[$0] ?? "" }
    }
    try AtomicFile.write(([columns] + earlier + own).map(CSV.line).joined(), to: path)
  }
}
