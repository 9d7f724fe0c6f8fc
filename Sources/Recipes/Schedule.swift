/// What a schedule decides for a step.
public struct Hyperparameters: Equatable, Sendable {
  /// The learning rate of each layer group.
  public var rates: [Double]
  /// fastai's name for what the optimizer remembers by: AdamW's β1.
  public var momentum: Double

  public init(rates: [Double], momentum: Double) { (self.rates, self.momentum) = (rates, momentum) }

  /// All of them as numbers in one order, and back.
  public var values: [Double] {
    get { [momentum] + rates }
    set { (momentum, rates) = (newValue[0], Array(newValue[1...])) }
  }
}

/// Hyperparameters as a function of the step.
public protocol Schedule: Sendable {
  /// The hyperparameters of a step, counted from 0.
  func values(at step: Int) -> Hyperparameters
}
