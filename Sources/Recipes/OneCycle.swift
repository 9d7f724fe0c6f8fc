import Foundation

/// fastai's one-cycle policy (Smith, arXiv:1803.09820; recipe §6) as a pure function of the step: learning rate up along a
/// cosine for 30 % of the steps and down to nearly nothing, momentum (β1) the other way.
public struct OneCycle: Schedule {
  /// Steps of the whole cycle.
  public let steps: Int
  /// Peak learning rate of each layer group.
  public let peaks: [Double]
  static let divFactor = 25.0
  static let finalDiv = 250_000.0
  static let pctStart = 0.3
  static let moms = (0.95, 0.85)

  public init(steps: Int, peaks: [Double]) {
    self.steps = steps
    self.peaks = peaks
  }

  public func values(at k: Int) -> Hyperparameters {
    let rising = Int(Self.pctStart * Double(steps))
    if k <= rising {
      let p = rising == 0 ? 1 : Double(k) / Double(rising)
      return Hyperparameters(
        rates: peaks.map { cosine($0 / Self.divFactor, $0, p) }, momentum: cosine(Self.moms.0, Self.moms.1, p))
    }
    let p = Double(k - rising) / Double(steps - rising)
    return Hyperparameters(
      rates: peaks.map { cosine($0, $0 / Self.finalDiv, p) }, momentum: cosine(Self.moms.1, Self.moms.0, p))
  }

  /// From `start` to `end` along half a cosine as p goes from 0 to 1.
  private func cosine(_ start: Double, _ end: Double, _ p: Double) -> Double {
    end + (start - end) / 2 * (1 + cos(.pi * p))
  }
}
