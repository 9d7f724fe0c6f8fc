import Diagnostics
import Foundation
import PlanetData
import Recipes

/// A dataset's report for people.
enum DataReportText {
  /// Findings of one kind that are printed; the others are counted.
  private static let shown = 10

  static func print(_ report: DataReport, banner: String) {
    Console.print(banner)
    Console.print("labels: \(report.labelFile), \(report.rows) rows, \(report.labels.count) tags")
    let size = report.imageSize.map { ", \($0[0])×\($0[1])" } ?? ""
    Console.print("images: \(report.imageFolder), \(report.images) opened\(size)")
    Console.print("\(report.train) to train on, \(report.valid) to validate with")
    table(report.labels)
    for kind in Finding.Kind.allCases {
      let findings = report.findings.filter { $0.kind == kind }
      guard !findings.isEmpty else { continue }
      Console.print("")
      Console.print("\(kind.isError ? "error" : "warning"): \(kind.heading) (\(findings.count))")
      for finding in findings.prefix(shown) {
        Console.print("  " + finding.subject + (finding.detail.isEmpty ? "" : ": " + finding.detail))
      }
      if findings.count > shown { Console.print("  … and \(findings.count - shown) more; --json lists all") }
    }
  }

  /// How long epochs would take.
  static func print(_ speeds: [StageSpeed], for report: DataReport, batchSize: Int) {
    for problem in problems(speeds) {
      Console.print("")
      Console.print("error: \(problem)")
    }
    guard speeds.contains(where: { $0.training != nil }) else { return }
    Console.print(row("stage", ["size", "an epoch", "epochs", "in all"]))
    var total: Double? = 0
    for speed in speeds {
      let epoch = speed.epochSeconds(train: report.train, valid: report.valid, batchSize: batchSize)
      let all = epoch.map { $0 * Double(speed.stage.epochs) }
      total = total.flatMap { total in all.map { total + $0 } }
      Console.print(
        row(speed.stage.name, ["\(speed.stage.size)", time(epoch), "\(speed.stage.epochs)", time(all)]))
    }
    if let total { Console.print("about \(time(total)) in all, by a few steps timed on this machine") }
  }

  private static func problems(_ speeds: [StageSpeed]) -> [String] {
    Set(speeds.compactMap(\.problem)).sorted().map { "\($0) \(Advice.tooLarge)" }
  }

  static func printVerdict(_ report: DataReport, _ speeds: [StageSpeed]) {
    let found = report.findings.count { $0.kind.isError }
    let (errors, warnings) = (found + problems(speeds).count, report.findings.count - found)
    Console.print("")
    Console.print(
      errors > 0
        ? "\(errors) error\(errors == 1 ? "" : "s"): training would stop. \(warnings) warning\(warnings == 1 ? "" : "s")."
        : "Nothing that training would stop at. \(warnings) warning\(warnings == 1 ? "" : "s").")
  }

  private static func table(_ labels: [LabelCount]) {
    guard !labels.isEmpty else { return }
    Console.print("")
    Console.print(row("label", ["train", "valid", "total"]))
    for count in labels.commonest(by: { $0.train + $0.valid }) {
      Console.print(row(count.label.clipped, [count.train, count.valid, count.train + count.valid]))
    }
    if let rest = labels.describeRest { Console.print(rest) }
    let (train, valid) = (labels.reduce(0) { $0 + $1.train }, labels.reduce(0) { $0 + $1.valid })
    Console.print(row("all", [train, valid, train + valid]))
  }

  private static func row(_ name: String, _ cells: [some CustomStringConvertible]) -> String {
    TextTable.line([name] + cells.map(\.description), [.left(20), .right(12)], gap: 1)
  }

  private static func time(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite else { return "?" }
    let (hours, minutes) = (Int(seconds / 3600), Int(seconds / 60) % 60)
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(Int(seconds) % 60) s" : String(format: "%.1f s", seconds)
  }
}
