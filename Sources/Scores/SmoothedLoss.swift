import Foundation

/// fastai's training loss: a debiased moving average of the steps' losses since the stage began (recipe §8).
public struct SmoothedLoss: Codable, Equatable, Sendable {
  private var average = 0.0
  /// How many losses were added.
  public private(set) var count = 0
  private static let beta = 0.98

  public init() {}

  public mutating func add(_ loss: Double) {
    average = Self.beta * average + (1 - Self.beta) * loss
    count += 1
  }

  /// The average, or nil before the first loss.
  public var value: Double? { count == 0 ? nil : average / (1 - pow(Self.beta, Double(count))) }
}
