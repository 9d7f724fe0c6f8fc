// Written by Tests/ResNetTests/Golden/generate.py; its README says how these numbers are to be reached.

/// Ten steps of PyTorch's AdamW in double precision.
struct TenSteps {
  /// Peak learning rates of the three layer groups.
  let peakRates: [Double]
  /// Whether the body's convolutions stand still.
  let isFrozen: Bool
  /// Three hundred times the recipe's, whose ten steps would be lost in fp32's rounding.
  let weightDecay = 3.0
  /// The training loss of each step, on its own batch.
  let losses: [Double]
  /// The evaluation-mode loss afterwards, on the first step's batch.
  let evaluationLoss: Double

  static let unfrozen = TenSteps(
    peakRates: [1e-05, 3e-05, 0.0001], isFrozen: false,
    losses: [
      0.85045506, 0.74556278, 0.86536666, 0.86196309, 0.99703929,
      0.90020386, 1.00418795, 0.76787924, 0.83279924, 0.90871629,
    ],
    evaluationLoss: 0.66064996)
  static let frozen = TenSteps(
    peakRates: [0.0001, 0.0001, 0.001], isFrozen: true,
    losses: [
      0.85045506, 0.74503353, 0.87146716, 0.84956645, 0.98704262,
      0.91349462, 1.00212229, 0.73697789, 0.84888393, 0.93204565,
    ],
    evaluationLoss: 0.66784560)
}
