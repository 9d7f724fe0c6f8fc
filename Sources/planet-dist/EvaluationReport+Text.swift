import Compute
import Foundation
import Scores

extension EvaluationReport {
  /// The report for people.
  var lines: [String] {
    let sections = [overview, labelTable, thresholdSearch?.lines ?? [], calibration.lines]
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
  }

  private var overview: [String] {
    let resolution = Set(sizes).sorted().map { "\($0)×\($0)" }.joined(separator: " and ")
    let networks = checkpoints.count > 1 ? ", mean of \(checkpoints.count) checkpoints" : ""
    let values =
      [("loss", metrics.loss)] + metrics.named
      + [("micro F2", microF2), ("macro F2", macroF2), ("mAP", meanAveragePrecision)]
    return [
      "\(images) images at \(resolution)\(networks)" + (tta == "none" ? "" : ", TTA \(tta)")
        + (precision == .fp32 ? "" : ", \(precision)")
    ]
      + values.map { TextTable.line([$0, number($1, digits: 6)], [.left(17)], gap: 0) }
  }

  private var labelTable: [String] {
    TextTable.lines(
      [["label", "threshold", "support", "predicted", "precision", "recall", "F2", "AP"]]
        + labels.commonest(by: \.support).map { score in
          [
            score.label.clipped, String(format: "%.2f", score.threshold), String(score.support),
            String(score.predicted),
          ]
            + [score.precision, score.recall, score.f2, score.averagePrecision].map { number($0, digits: 4) }
        }) + [labels.describeRest].compactMap { $0 }
  }
}

extension ThresholdComparison {
  fileprivate var lines: [String] {
    let found = globalOfHalves.map { String(format: "%.2f", $0) }.joined(separator: " and ")
    let names: [Kind: String] = [
      .given: "as given", .global: "one for all labels (\(found))", .perLabel: "one for each label",
    ]
    let rows = Kind.allCases.map { kind in
      [names[kind, default: ""], number(fbeta(kind), digits: 6), String(format: "%+.6f", fbeta(kind) - given)]
    }
    let parts = stride(from: 10, through: 40, by: 5).map { hundredths -> String in
      String(format: "0.%02d %.4f", hundredths, sweep[hundredths - 1])
    }
    return ["fbeta at one threshold for all labels: " + parts.joined(separator: ", "), ""]
      + ["thresholds chosen on one half of the images and scored on the other, both ways:"]
      + TextTable.lines([["thresholds", "fbeta", "gain"]] + rows)
      + ["best held out: \(names[winner, default: ""])"]
  }

  /// "one threshold for all labels (0.17)".
  var describeChosen: String {
    switch winner {
    case .given: "the thresholds as given, which chosen ones did not beat,"
    case .global: "one threshold for all labels (\(String(format: "%.2f", chosen.uniform ?? 0)))"
    case .perLabel: "a threshold for each label"
    }
  }
}

extension Calibration {
  fileprivate var lines: [String] {
    let rows = bins.map { bin in
      [
        String(format: "%.1f–%.1f", bin.low, bin.high), String(bin.decisions), number(bin.meanProbability, digits: 4),
        number(bin.fractionTrue, digits: 4),
      ]
    }
    return [
      "calibration over all images and labels: expected calibration error \(number(expectedCalibrationError, digits: 6)), "
        + "Brier score \(number(brierScore, digits: 6))"
    ] + TextTable.lines([["probability", "decisions", "mean", "true"]] + rows)
  }
}

private func number(_ value: Double?, digits: Int) -> String {
  value.map { String(format: "%.\(digits)f", $0) } ?? "n/a"
}
