// Written by Tests/ResNetTests/Golden/generate.py; its README says how these numbers are to be reached.

/// Ten steps of PyTorch's AdamW in double precision.
struct TenSteps {
  /// Peak learning rates of the three layer groups.
  let peakRates: [Double]
  /// Whether the body's convolutions stand still.
  let isFrozen: Bool
  /// A hundred times the recipe's: ten steps of the recipe's decay would be lost in fp32's rounding.
  let weightDecay = 1.0
  /// The training loss of each step, on its own batch.
  let losses: [Double]
  /// The evaluation-mode loss afterwards, on the first step's batch.
  let evaluationLoss: Double

  static let unfrozen = TenSteps(
    peakRates: [1e-05, 5e-05, 0.0003], isFrozen: false,
    losses: [
      0.85045506, 0.74495213, 0.86475357, 0.86263746, 0.99443933,
      0.91861248, 0.98875471, 0.74453295, 0.84382228, 0.93464987,
    ],
    evaluationLoss: 0.66060153)
  static let frozen = TenSteps(
    peakRates: [0.0003, 0.0003, 0.003], isFrozen: true,
    losses: [
      0.85045506, 0.74327917, 0.87702825, 0.85188220, 0.94694478,
      1.01943628, 1.07945368, 0.79338179, 1.00015503, 0.99180382,
    ],
    evaluationLoss: 0.75716003)
}
