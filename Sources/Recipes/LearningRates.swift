import Files
import Foundation

/// Peak learning rates of the layer groups, written as fastai writes them: a number for all groups, `slice(lr)`, or
/// `slice(low, high)` (recipe §5).
public enum LearningRates: Equatable, Sendable {
  /// The same for every group.
  case uniform(Double)
  /// The last group's; a tenth of it for all others.
  case slice(Double)
  /// Geometric from the first group to the last.
  case range(Double, Double)

  /// What may be written, for messages.
  public static let spellings =
    "a positive number (\(Limits.learningRate.lowerBound) to \(Limits.learningRate.upperBound)), slice(lr) or slice(low,high)"

  /// Reads `0.01`, `slice(0.01)` or `slice(1e-5, 2e-3)`; nil if the text is something else, or a rate is not within
  /// ``Limits/learningRate``.
  public init?(_ text: String) {
    func rate(_ text: String) -> Double? {
      Limits.number(text.trimmed).flatMap { Limits.learningRate.contains($0) ? $0 : nil }
    }
    guard text.begins(with: "slice("), text.ends(with: ")") else {
      guard let rate = rate(text) else { return nil }
      self = .uniform(rate)
      return
    }
    let rates = text.utf8.dropFirst(6).dropLast().split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .map { rate(String(decoding: $0, as: UTF8.self)) }
    switch rates.compactMap({ $0 }) {
    case let valid where valid.count < rates.count: return nil
    case let valid where valid.count == 1: self = .slice(valid[0])
    case let valid where valid.count == 2: self = .range(valid[0], valid[1])
    default: return nil
    }
  }

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
