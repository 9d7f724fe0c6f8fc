import Foundation

/// Peak learning rates of the layer groups, written as fastai writes them: a number for all groups, `slice(lr)`, or
/// `slice(low,high)` (recipe §5).
public enum LearningRates: Equatable, Sendable {
  /// The same for every group.
  case uniform(Double)
  /// The last group's; a tenth of it for all others.
  case slice(Double)
  /// Geometric from the first group to the last.
  case range(Double, Double)

  /// One rate for each of `groups` layer groups, first to last.
  public func rates(groups: Int) -> [Double] {
    switch self {
    case .uniform(let rate): Array(repeating: rate, count: groups)
    case .slice(let rate): (0..<groups).map { $0 == groups - 1 ? rate : rate / 10 }
    case .range(let low, let high):
      (0..<groups).map { groups == 1 ? high : low * pow(high / low, Double($0) / Double(groups - 1)) }
    }
  }
}
