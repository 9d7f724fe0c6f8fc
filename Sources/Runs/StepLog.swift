public import Files
import Foundation
public import Recipes

/// A run's `log.jsonl`, a ``StepRecord`` per line, as rank 0 writes it while it trains.
///
/// Lines are kept in memory and appended when the state is saved: what is in the file has always been saved too, and
/// resuming repeats no step that is in it.
public struct StepLog {
  private let path: String
  private var pending: [StepRecord] = []

  public init(path: String) { self.path = path }

  public mutating func add(_ record: StepRecord) { pending.append(record) }

  /// Drops from the file what a run of `stages` from `progress` on will write again: lines of its stages from that
  /// position, and a torn last one. All others stay byte for byte, lines that are no steps too: whoever put them there may
  /// want them.
  ///
  /// - Throws: ``RunError/badFile(path:reason:)`` for a file that cannot be read.
  public func begin(_ stages: [Configuration.Stage], at progress: Progress, stepsPerEpoch: Int) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let bytes = try RunFolder.read(path, limit: RunLog.sizeLimit)
    let done = progress.epoch * stepsPerEpoch + progress.stepInEpoch
    var kept: [UInt8] = []
    for line in RunLog.lines(bytes) {
      if let record = StepRecord(line: line) {
        if let index = stages.firstIndex(where: { $0.name == record.stage }),
          index > progress.stage || (index == progress.stage && record.step >= done)
        {
          continue
        }
      } else if line.endIndex == bytes.endIndex {
        continue
      }
      kept += line + [UInt8(ascii: "\n")]
    }
    if kept != bytes { try AtomicFile.write(kept, to: path) }
  }

  /// Appends what was added since the last time.
  public mutating func flush() throws(FileError) {
    if pending.isEmpty { return }
    var lines: [UInt8] = []
    for record in pending {
      guard let line = try? StepRecord.encoder.encode(record) else { continue }
      lines += line + [UInt8(ascii: "\n")]
    }
    try AtomicFile.append(lines, to: path)
    pending = []
  }
}
