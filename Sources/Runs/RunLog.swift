import Foundation

/// The steps of a run, read back from its `log.jsonl`.
public struct RunLog: Sendable {
  /// In the order of training, each step of each stage once; of a step that was done again, the later record.
  public let records: [StepRecord]

  /// Larger ones are not read.
  static let sizeLimit = 1 << 30

  /// Reads a log, also of a run that is going on: a last line that is torn is left out.
  ///
  /// - Throws: ``RunError/badFile(path:reason:)``, naming the line that is no step's.
  public init(path: String) throws(RunError) {
    try self.init(RunFolder.read(path, limit: Self.sizeLimit), path: path)
  }

  init(_ bytes: [UInt8], path: String) throws(RunError) {
    var stages = Stages()
    for (index, line) in Self.lines(bytes).enumerated() {
      guard let record = StepRecord(line: line), record.isPlausible else {
        if line.endIndex == bytes.endIndex { break }
        throw .badFile(path: "\(path), line \(index + 1)", reason: "it is not a training step")
      }
      stages.add(record)
    }
    records = stages.names.flatMap { stages.records[$0] ?? [] }
  }

  /// A log's lines without their ends. The last has none in the file if it reaches to the last byte.
  static func lines(_ bytes: [UInt8]) -> some Sequence<ArraySlice<UInt8>> {
    sequence(state: 0) { start in
      guard start < bytes.count else { return nil }
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      defer { start = end + 1 }
      return bytes[start..<end]
    }
  }

  /// The stages as far as read.
  private struct Stages {
    var names: [String] = []
    var records: [String: [StepRecord]] = [:]

    /// A step that comes again replaces what followed its first time; a stage begun again is a new one.
    mutating func add(_ record: StepRecord) {
      var known = records[record.stage] ?? []
      records[record.stage] = nil  // so that the array has one owner and grows in place
      while let last = known.last, last.step >= record.step { known.removeLast() }
      if known.isEmpty {
        names.removeAll { $0 == record.stage }
        names.append(record.stage)
      }
      known.append(record)
      records[record.stage] = known
    }
  }
}

extension StepRecord {
  fileprivate var isPlausible: Bool {
    let counts = 0...Int(Int32.max)
    return counts.contains(epoch) && counts.contains(step) && !lr.isEmpty
  }
}
