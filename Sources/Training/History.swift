import Checkpoints
import Files
import Foundation

/// What fastai's recorder prints for one epoch (recipe §8).
public struct HistoryRow: Codable, Equatable, Sendable {
  public var stage: String
  public var epoch: Int
  public var trainLoss: Double
  /// Nil where nothing is kept for validation.
  public var metrics: Metrics?
  /// Of training and validation.
  public var seconds: Double

  /// The table's header.
  public static let columns = ["epoch", "train_loss", "valid_loss", "accuracy_thresh", "fbeta", "time"]

  /// The row's cells as fastai formats them: `%.6f`, and `MM:SS` or `H:MM:SS`.
  public var cells: [String] {
    let number = { (value: Double?) in value.map { String(format: "%.6f", $0) } ?? "#na#" }
    return [
      String(epoch), number(trainLoss), number(metrics?.loss), number(metrics?.accuracyThresh), number(metrics?.fbeta),
      Self.clock(seconds),
    ]
  }

  static func clock(_ seconds: Double) -> String {
    let total = Int(seconds)
    let (h, m, s) = (total / 3600, total / 60 % 60, total % 60)
    return h > 0 ? String(format: "%d:%02d:%02d", h, m, s) : String(format: "%02d:%02d", m, s)
  }
}

/// A run's table in `history.csv`: fastai's columns, with the stage before them.
struct History {
  private let path: String
  /// Lines of stages that an earlier run into the same folder trained and this one does not.
  private let earlier: [String]

  init(path: String, stages: [String]) {
    self.path = path
    let old = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").dropFirst() ?? []
    earlier = old.map(String.init).filter { line in !stages.contains { line.hasPrefix($0 + ",") } }
  }

  /// Replaces the file by the earlier lines and `rows`.
  func write(_ rows: [HistoryRow]) throws(FileError) {
    let header = (["stage"] + HistoryRow.columns).joined(separator: ",")
    let lines = [header] + earlier + rows.map { ([$0.stage] + $0.cells).joined(separator: ",") }
    try AtomicFile.write(lines.map { $0 + "\n" }.joined(), to: path)
  }
}
