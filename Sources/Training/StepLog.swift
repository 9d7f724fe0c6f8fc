import Checkpoints
import Files
import Foundation

/// A run's `log.jsonl`, a ``StepRecord`` per line, as rank 0 writes it while it trains.
///
/// Lines are kept in memory and appended when the state is saved: what is in the file has always been saved too, and
/// resuming repeats no step that is in it.
struct StepLog {
  private let path: String
  private var pending: [StepRecord] = []

  init(path: String) { self.path = path }

  mutating func add(_ record: StepRecord) { pending.append(record) }

  /// Drops from the file what a run of `stages` from `progress` on will write again: lines of its stages from that
  /// position, and torn ones. Others, of stages trained earlier into the same folder, stay.
  func begin(_ stages: [Configuration.Stage], at progress: Progress, stepsPerEpoch: Int) throws {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
    let done = progress.epoch * stepsPerEpoch + progress.stepInEpoch
    let kept = text.split(separator: "\n").filter { line in
      guard let record = try? StepRecord.decoder.decode(StepRecord.self, from: Data(line.utf8)) else { return false }
      guard let index = stages.firstIndex(where: { $0.name == record.stage }) else { return true }
      return index < progress.stage || (index == progress.stage && record.step < done)
    }
    try AtomicFile.write(kept.map { $0 + "\n" }.joined(), to: path)
  }

  /// Appends what was added since the last time.
  mutating func flush() throws(FileError) {
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
