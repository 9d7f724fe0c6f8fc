import Charts
import Foundation
import TestSupport
import Testing

@testable import Report
@testable import Runs
@testable import Scores

@Suite struct RunChartsTests {
  private let rows = [
    HistoryRow(
      stage: "a", epoch: 0, trainLoss: 0.5, metrics: Metrics(loss: 0.4, accuracyThresh: 0.9, fbeta: 0.8), seconds: 59.5),
    HistoryRow(stage: "a", epoch: 1, trainLoss: 0.25, metrics: nil, seconds: 3723),
    HistoryRow(
      stage: "b", epoch: 0, trainLoss: 0.125, metrics: Metrics(loss: 0.1, accuracyThresh: 1, fbeta: 0.9), seconds: 0),
  ]

  private func record(_ stage: String, _ epoch: Int, _ step: Int) -> StepRecord {
    StepRecord(
      stage: stage, epoch: epoch, step: step, loss: 1, smoothLoss: Double(step), lr: [1, 2], momentum: 0.9,
      imagesPerSecond: 1, accumulatedSeconds: 1)
  }

  /// What `History` writes is read back, to the digits it has.
  @Test func historyRoundTrip() throws {
    let fixture = try Fixture(count: 2)
    let path = fixture.run("run").history
    try History(path: path, stages: ["a", "b"]).write(rows)
    let read = try HistoryRow.read(path)
    #expect(read.map(\.cells) == rows.map(\.cells) && read.map(\.stage) == ["a", "a", "b"])
    #expect(read[1].metrics == nil && read[1].seconds == 3723)
  }

  @Test(arguments: [
    "a,0,x,#na#,#na#,#na#,00:01", "a,-1,0.5,#na#,#na#,#na#,00:01", "a,0,0.5,0.1,#na#,0.2,00:01",
    "a,0,0.5,#na#,#na#,#na#,1", "a,0,0.5,#na#,#na#,#na#,99999999999999999999:00", "a,0", "\"",
  ]) func badHistory(row: String) throws {
    let fixture = try Fixture(count: 2)
    let path = fixture.folder + "/history.csv"
    try "stage,epoch,train_loss,valid_loss,accuracy_thresh,fbeta,time\n\(row)\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: RunError.self) { try HistoryRow.read(path) }
    #expect(error?.description.hasPrefix("\(path), line 2: ") == true)
  }

  /// Steps of all stages on one axis, validation where its epoch ends; the last group's rate.
  @Test func withSteps() throws {
    let steps = [record("a", 0, 0), record("a", 0, 1), record("a", 1, 2), record("a", 1, 3), record("b", 0, 0)]
    let charts = RunCharts(log: try log(steps), history: rows)
    let losses = try #require(charts.losses)
    #expect(losses.lines[0].points.map(\.x) == [0, 1, 2, 3, 4])
    #expect(losses.lines[0].points.map(\.y) == [0, 1, 2, 3, 0])
    #expect(losses.lines[1].points.map(\.x) == [2, 5] && losses.lines[1].points.map(\.y) == [0.4, 0.1])
    #expect(losses.marks.map(\.x) == [0, 4] && losses.marks.map(\.label) == ["a", "b"])
    #expect(charts.learningRate?.lines[0].points.map(\.y) == [2, 2, 2, 2, 2])
    #expect(charts.momentum?.lines[0].points.map(\.y) == [0.9, 0.9, 0.9, 0.9, 0.9])
    let metrics = try #require(charts.metrics)
    #expect(metrics.lines.map(\.name) == ["fbeta", "accuracy_thresh"])
    #expect(metrics.lines[0].points.map(\.x) == [1, 3] && metrics.lines[0].points.map(\.y) == [0.8, 0.9])
    #expect(metrics.marks.map(\.x) == [1, 2.5])
    #expect(charts.fbeta?.lines.map(\.name) == ["fbeta"])
  }

  /// An older run has no log, or one of its last stages only; a new one no history yet.
  @Test func withoutSteps() throws {
    for log in [nil, try log([record("b", 0, 0)])] {
      let charts = RunCharts(log: log, history: rows)
      #expect(charts.losses?.lines.map { $0.points.map(\.y) } == [[0.5, 0.25, 0.125], [0.4, 0.1]])
      #expect(charts.losses?.xLabel == "epoch" && (charts.learningRate == nil) == (log == nil))
    }
    let young = RunCharts(log: try log([record("a", 0, 0)]), history: [])
    #expect(young.losses?.lines.count == 1 && young.metrics == nil && young.fbeta == nil)
    #expect(RunCharts(log: nil, history: []).losses == nil)
  }

  private func log(_ records: [StepRecord]) throws -> RunLog {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let lines = try records.map { try encoder.encode($0) + Data("\n".utf8) }
    return try RunLog(lines.flatMap { [UInt8]($0) }, path: "log.jsonl")
  }
}
