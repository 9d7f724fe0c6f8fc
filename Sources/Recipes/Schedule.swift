/// Learning rates and momentum as a function of the step.
public protocol Schedule: Sendable {
  /// Learning rates of the layer groups and β1 for a step, counted from 0.
  func values(at step: Int) -> (rates: [Double], beta1: Double)
}

extension OneCycle: Schedule {}
