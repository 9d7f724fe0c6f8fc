import Foundation
import Inference
import PlanetData
import TestSupport
import Testing

@testable import Recipes
@testable import Runs
@testable import Scores

/// What earlier runs wrote into a folder stays, whatever a spreadsheet or an editor made of it since.
@Suite struct HistoryTests {
  private let folder = TemporaryFolder()
  private let header = "stage,epoch,train_loss,valid_loss,accuracy_thresh,fbeta,time"
  private let row = "a,0,0.500000,0.400000,0.900000,0.800000,00:59"
  private let new = HistoryRow(
    stage: "b", epoch: 0, trainLoss: 0.25, metrics: Metrics(loss: 0.1, accuracyThresh: 1, fbeta: 0.9), seconds: 1)

  private func after(_ text: String, stages: [String] = ["b"]) throws -> String {
    let path = folder.path("history.csv")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    var history = History(path: path, stages: stages)
    try history.begin()
    try history.write([new])
    _ = try HistoryRow.read(path)
    return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  @Test func earlierRowsStay() throws {
    let own = "b,0,0.250000,0.100000,1.000000,0.900000,00:01\n"
    let expected = "\(header)\n\(row)\n\(own)"
    let quoted = "\"" + row.replacing(",", with: "\",\"") + "\""
    for text in [
      "\(header)\n\(row)\n", "\(header)\r\n\(row)\r\n", "\u{FEFF}\(header)\r\n\(row)", "\(header)\n\(quoted)\n",
      "\(header)\n\(row)\n\(own)", "\(header)\r\n\(row)\r\n,,,,,,\r\n\r\n",
    ] {
      #expect(try after(text).utf8.elementsEqual(expected.utf8), "\(text)")
    }
    for nothing in ["", "\u{FEFF}", "\n", "\(header)\n"] { #expect(try after(nothing) == "\(header)\n\(own)") }
  }

  /// Columns that were moved or added keep their places.
  @Test func columns() throws {
    let text =
      "epoch,stage,notes,valid_loss,train_loss,accuracy_thresh,fbeta,time\r\n0,a,\"good,\u{301} \"\"so\"\"\",0.4,0.5,0.9,0.8,00:59\r\n"
    #expect(
      try after(text).utf8.elementsEqual(
        (text.replacing("\r\n", with: "\n") + "0,b,,0.100000,0.250000,1.000000,0.900000,00:01\n").utf8))
    let read = try HistoryRow.read(folder.path("history.csv"))
    #expect(read.map(\.trainLoss) == [0.5, 0.25] && read[0].metrics?.loss == 0.4)
  }

  /// What cannot be read is neither dropped nor replaced.
  @Test(arguments: [
    "stage;epoch;train_loss;valid_loss;accuracy_thresh;fbeta;time\na;0;0,5;0,4;0,9;0,8;00:59\n",
    "epoch,train_loss\n0,1\n", "HEADER\na,0\n", "HEADER\n\"a,0\n", "HEADER,fbeta\nROW,1\n", "\u{0}\n",
  ]) func unreadable(text: String) throws {
    let text = text.replacing("HEADER", with: header).replacing("ROW", with: row)
    let error = #expect(throws: RunError.self) { try after(text) }
    #expect(error?.description.contains("(correct it, or move the file away)") == true, "\(error as Any)")
    #expect(try String(contentsOfFile: folder.path("history.csv"), encoding: .utf8) == text)
  }

  @Test func tooLarge() throws {
    try Data(count: 1 << 24 + 1).write(to: URL(fileURLWithPath: folder.path("history.csv")))
    #expect(throws: RunError.self) { try HistoryRow.read(folder.path("history.csv")) }
  }

  /// Lines of earlier stages stay byte for byte, and so does what is no step; a torn last line goes.
  @Test func logLinesStay() throws {
    func line(_ stage: String, _ step: Int) -> String {
      "{\"stage\": \"\(stage)\",\"epoch\":0,\"step\":\(step),\"loss\":1,\"smooth_loss\":1,\"lr\":[1],\"momentum\":1,"
        + "\"images_per_second\":1,\"accumulated_seconds\":1}"
    }
    let path = folder.path("log.jsonl")
    let stages = ["b", "c"].map {
      Configuration.Stage(name: $0, index: 1, size: 32, frozen: true, learningRates: [1, 1, 1], epochs: 2)
    }
    func begin(_ text: String, step: Int = 0) throws -> String {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      var progress = Progress()
      progress.stepInEpoch = step
      try StepLog(path: path).begin(stages, at: progress, stepsPerEpoch: 4)
      return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
    let earlier = "\u{FEFF}\(line("a", 0))\r\nnote\u{301}\r\n\(line("a", 1))\r\n"
    for end in ["", line("b", 0) + "\r\n", line("c", 7) + "\n" + line("b", 3), "{\"stage\":"] {
      #expect(try begin(earlier + end).utf8.elementsEqual(earlier.utf8), "\(end)")
    }
    #expect(try begin(earlier + line("b", 0), step: 1).utf8.elementsEqual((earlier + line("b", 0) + "\n").utf8))
    #expect(
      try RunLog(Array(earlier.replacing("note\u{301}\r\n", with: "").utf8), path: path).records.map(\.step) == [0, 1])
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(throws: RunError.self) { try StepLog(path: path).begin(stages, at: Progress(), stepsPerEpoch: 4) }
  }

  /// Labels and names keep their bytes in a submission, and its rows their number.
  @Test func submission() {
    let samples = ["a\r\nb", "c,\u{301}d"].map { Sample(name: $0, path: "", targets: []) }
    let text = Submission(.tags(Thresholds(0.5, labels: ["x\"\u{301}"])))
      .text(samples, labels: ["x\"\u{301}"], probabilities: [1, 0])
    #expect(text.utf8.elementsEqual("image_name,tags\n\"a\r\nb\",\"x\"\"\u{301}\"\n\"c,\u{301}d\",\n".utf8))
  }

  /// What every table has had from the beginning must be there, in each row.
  @Test(arguments: [
    "stage,epoch,train_loss,valid_loss,fbeta,time\na,0,0.5,0.4,0.8,00:01\n",
    "stage,epoch,train_loss,valid_loss,accuracy_thresh,fbeta,time\na,0,0.5,0.4,,0.8,00:01\n",
  ]) func needsItsMetrics(text: String) throws {
    try withTemporaryFolder { folder in
      try text.write(toFile: folder + "/history.csv", atomically: true, encoding: .utf8)
      #expect(throws: RunError.self) { try HistoryRow.read(folder + "/history.csv") }
    }
  }
}
