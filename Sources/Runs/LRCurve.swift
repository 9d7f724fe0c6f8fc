import Files
import Foundation
import Scores

/// What a learning rate range test saw.
public struct LRCurve: Sendable {
  public struct Point: Sendable {
    /// Counted from 0.
    public let iteration: Int
    public let lr: Double
    /// The step's loss; not a number after the last useful step.
    public let loss: Double
    /// fastai's moving average of the losses so far.
    public let smoothLoss: Double
  }

  public private(set) var points: [Point] = []
  private var smoothed = SmoothedLoss()
  private var best = Double.infinity

  public init() {}

  /// Records a step.
  public mutating func next(lr: Double, loss: Double) -> Point {
    smoothed.add(loss)
    let point = Point(iteration: points.count, lr: lr, loss: loss, smoothLoss: smoothed.value ?? loss)
    best = points.isEmpty || point.smoothLoss < best ? point.smoothLoss : best
    points.append(point)
    return point
  }

  /// Whether the smoothed loss is more than four times its best, or not a number.
  public var hasDiverged: Bool { points.last.map { $0.smoothLoss > 4 * best || $0.smoothLoss.isNaN } ?? false }

  /// What fastai's `plot()` shows: the first 10 points and the last 5 left out.
  public var shown: ArraySlice<Point> { points.dropFirst(10).dropLast(5) }

  /// fastai's two suggestions, `plot(suggestion=True)`.
  public struct Suggestions: Equatable, Sendable {
    /// Where the smoothed loss falls most steeply: "Min numerical gradient".
    public let minGradient: Double
    /// A tenth of the rate with the lowest smoothed loss: "Min loss divided by 10".
    public let minLossDividedBy10: Double
  }

  /// Nil where fewer than two points are shown.
  public var suggestions: Suggestions? {
    let (points, losses) = (Array(shown), shown.map(\.smoothLoss))
    let gradients = Self.gradient(losses)
    guard let steepest = gradients.indices.min(by: { gradients[$0] < gradients[$1] }),
      let lowest = losses.indices.min(by: { losses[$0] < losses[$1] })
    else { return nil }
    return Suggestions(minGradient: points[steepest].lr, minLossDividedBy10: points[lowest].lr / 10)
  }

  /// `numpy.gradient` of values one apart: central differences, one-sided at the ends. Empty for fewer than two values.
  static func gradient(_ values: [Double]) -> [Double] {
    guard values.count > 1 else { return [] }
    return values.indices.map { i in
      let (before, after) = (max(0, i - 1), min(values.count - 1, i + 1))
      return (values[after] - values[before]) / Double(after - before)
    }
  }

  /// `iteration,lr,loss,smooth_loss`, all points.
  public var csv: String {
    let rows = points.map { point in
      [String(point.iteration)] + [point.lr, point.loss, point.smoothLoss].map { String(format: "%.8g", $0) }
    }
    return ([["iteration", "lr", "loss", "smooth_loss"]] + rows).map(CSV.line).joined()
  }
}

extension LRCurve.Suggestions {
  /// As fastai prints them.
  public var lines: [String] {
    [
      String(format: "Min numerical gradient: %.2E", minGradient),
      String(format: "Min loss divided by 10: %.2E", minLossDividedBy10),
    ]
  }
}
