import Compute
import Recipes
import ResNet

/// Changes the weights by their gradients. To add another one, write a class beside ``AdamW`` and enter it in
/// `OptimizerKind`: its state is saved and resumed by the names it gives.
protocol Optimizer: AnyObject {
  /// How many steps there have been, with the one whose updates are made.
  var step: Int { get set }
  /// What it remembers from step to step, by PyTorch's names. The memory is the optimizer's.
  var state: [NamedFloats] { get }
  /// Makes the step's update of some of the parameters, by `gradients`.
  func update(
    _ pieces: [GradientBucket.Piece], by gradients: UnsafeMutableBufferPointer<Float>,
    _ hyperparameters: Hyperparameters)
}

extension OptimizerKind {
  /// One for a network's weights.
  func make(_ replica: Replica, weightDecay: Double, engine: Engine) throws -> any Optimizer {
    switch self {
    case .adamW: try AdamW(replica, weightDecay: weightDecay, engine: engine)
    }
  }
}

/// Floats that a saved state has under a name. Whoever lists them owns the memory.
@safe struct NamedFloats {
  let name: String
  let values: UnsafeMutableBufferPointer<Float>
  /// Whether all ranks have the same memory, rather than each its own.
  let isShared: Bool
  var count: Int { unsafe values.count }

  init(_ name: String, _ values: UnsafeMutableBufferPointer<Float>, isShared: Bool = false) {
    self.name = name
    unsafe self.values = values
    self.isShared = isShared
  }
}

/// AdamW, as fastai applies it (recipe §5): betas (β1 of the schedule, 0.99), weight decay on everything that trains, batch
/// normalization and biases included.
///
/// Every stage begins with a new optimizer, as fastai makes one whenever a network is frozen or unfrozen.
final class AdamW: Optimizer {
  private let parameters: Parameters
  private let firstMoments: OwnedFloats
  private let secondMoments: OwnedFloats
  var step = 0
  private let engine: Engine
  private let weightDecay: Double

  init(_ replica: Replica, weightDecay: Double, engine: Engine) throws {
    parameters = replica.parameters
    self.engine = engine
    self.weightDecay = weightDecay
    (firstMoments, secondMoments) = (try replica.floats(), try replica.floats())
  }

  var state: [NamedFloats] {
    [firstMoments.named("exp_avg"), secondMoments.named("exp_avg_sq")]
  }

  func update(
    _ pieces: [GradientBucket.Piece], by gradients: UnsafeMutableBufferPointer<Float>,
    _ hyperparameters: Hyperparameters
  ) {
    for piece in pieces {
      let range = piece.gradients..<piece.gradients + piece.values.count
      unsafe engine.adamW(
        weights: .init(rebasing: parameters.values[piece.values]), gradients: .init(rebasing: gradients[range]),
        firstMoments: .init(rebasing: firstMoments.values[piece.values]),
        secondMoments: .init(rebasing: secondMoments.values[piece.values]),
        step: step, learningRate: hyperparameters.rates[piece.group], betas: (hyperparameters.momentum, 0.99),
        weightDecay: weightDecay)
    }
  }
}
