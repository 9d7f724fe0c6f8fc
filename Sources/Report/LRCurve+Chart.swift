public import Charts
import Foundation
public import Runs

extension LRCurve {
  /// The smoothed loss over the learning rate, the suggestions marked.
  public var chart: LineChart {
    LineChart(
      title: "Learning rate finder", xLabel: "learning rate", yLabel: "smoothed loss", xScale: .logarithmic,
      lines: [.init("loss", points: (shown.isEmpty ? points[...] : shown).map { ($0.lr, $0.smoothLoss) })],
      marks: suggestions.map { found in
        [
          .init(x: found.minGradient, y: loss(at: found.minGradient), label: found.lines[0]),
          .init(x: found.minLossDividedBy10, y: loss(at: found.minLossDividedBy10), label: found.lines[1]),
        ]
      } ?? [])
  }

  /// The smoothed loss of the shown point whose learning rate is nearest to this one on a logarithmic axis.
  private func loss(at lr: Double) -> Double? {
    shown.min { abs(log($0.lr / lr)) < abs(log($1.lr / lr)) }?.smoothLoss
  }
}
