import CKernels

/// How activations and their gradients are stored. Weights, statistics, sums and everything in the head are fp32 always.
public enum Precision: String, Codable, Sendable, CaseIterable {
  case fp32
  /// The upper half of fp32: its range, 8 bits of precision.
  case bf16

  /// The size of one value.
  public var bytes: Int { self == .fp32 ? 4 : 2 }
  var c: pd_precision { self == .fp32 ? PD_FP32 : PD_BF16 }
}
