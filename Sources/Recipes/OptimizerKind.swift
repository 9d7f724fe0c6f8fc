/// Every optimizer there is: a case for each, and what is known of it before training makes it.
public enum OptimizerKind: CaseIterable, Sendable {
  /// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101), as fastai applies it.
  case adamW

  /// Floats it keeps for each weight, by which the memory needed is counted.
  public var floatsPerWeight: Int {
    switch self {
    case .adamW: 2  // its two moments
    }
  }
}
