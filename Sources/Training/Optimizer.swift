import Compute
import Recipes
import ResNet

/// Changes the weights by their gradients. To add another one, write a class beside ``AdamW`` and enter it in
/// `OptimizerKind`: its state is saved and resumed by the names it gives.
protocol Optimizer: AnyObject {
  /// How many updates it has made.
  var step: Int { get set }
  /// What it remembers from step to step, by PyTorch's names. The memory is the optimizer's.
  var state: [NamedFloats] { get }
  /// Makes one update of what this rank updates, from the gradients.
  func update(_ hyperparameters: Hyperparameters)
}

extension OptimizerKind {
  /// One for the weights this rank updates; where `frozen`, for those that train then.
  func make(_ replica: Replica, frozen: Bool, weightDecay: Double, engine: Engine) throws -> any Optimizer {
    switch self {
    case .adamW: try AdamW(replica, frozen: frozen, weightDecay: weightDecay, engine: engine)
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

/// AdamW over this rank's part of the parameters, as fastai applies it (recipe §5): betas (β1 of the schedule, 0.99), weight decay on
/// everything that trains, batch normalization and biases included.
///
/// Every stage begins with a new optimizer, as fastai makes one whenever a network is frozen or unfrozen.
final class AdamW: Optimizer {
  private let parameters: Parameters
  private let firstMoments: OwnedFloats
  private let secondMoments: OwnedFloats
  var step = 0
  private let engine: Engine
  private let weightDecay: Double
  /// What this rank updates, by layer group.
  private let slices: [(group: Int, range: Range<Int>)]

  init(_ replica: Replica, frozen: Bool, weightDecay: Double, engine: Engine) throws {
    parameters = replica.parameters
    self.engine = engine
    self.weightDecay = weightDecay
    (firstMoments, secondMoments) = (try replica.floats(), try replica.floats())
    let own = replica.own(parameters.trainableRanges(frozen: frozen))
    slices = (0..<Configuration.layerGroups).flatMap { [parameters] group in
      parameters.trainableRanges(frozen: frozen, group: group).flatMap { range in
        own.map { (group, $0.clamped(to: range)) }.filter { !$0.1.isEmpty }
      }
    }
  }

  var state: [NamedFloats] {
    [firstMoments.named("exp_avg"), secondMoments.named("exp_avg_sq")]
  }

  func update(_ hyperparameters: Hyperparameters) {
    step += 1
    for (group, range) in slices {
      unsafe engine.adamW(
        weights: .init(rebasing: parameters.values[range]), gradients: .init(rebasing: parameters.gradients[range]),
        firstMoments: .init(rebasing: firstMoments.values[range]),
        secondMoments: .init(rebasing: secondMoments.values[range]),
        step: step, learningRate: hyperparameters.rates[group], betas: (hyperparameters.momentum, 0.99),
        weightDecay: weightDecay)
    }
  }
}
