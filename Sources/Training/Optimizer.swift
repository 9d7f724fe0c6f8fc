import Compute
import Recipes
import ResNet

/// Changes the weights by their gradients. To add another one, write a class beside ``AdamW`` and make it in ``Learner``:
/// its state is saved and resumed by the names it gives.
protocol Optimizer: AnyObject {
  /// How many updates it has made.
  var step: Int { get set }
  /// What it remembers from step to step, by PyTorch's names. The memory is the optimizer's.
  var state: [NamedFloats] { get }
  /// Makes one update from the gradients.
  func update(_ hyperparameters: Hyperparameters)
}

/// Floats that a saved state has under a name. Whoever lists them owns the memory.
@safe struct NamedFloats {
  let name: String
  let values: UnsafeMutableBufferPointer<Float>
  var count: Int { unsafe values.count }

  init(_ name: String, _ values: UnsafeMutableBufferPointer<Float>) {
    self.name = name
    unsafe self.values = values
  }
}

/// AdamW over the arena of parameters, as fastai applies it (recipe §5): betas (β1 of the schedule, 0.99), weight decay on
/// everything that trains, batch normalization and biases included.
///
/// Every stage begins with a new optimizer, as fastai makes one whenever a network is frozen or unfrozen.
@safe final class AdamW: Optimizer {
  private let parameters: Parameters
  private let firstMoments: UnsafeMutableBufferPointer<Float>
  private let secondMoments: UnsafeMutableBufferPointer<Float>
  var step = 0
  private let engine: Engine
  private let weightDecay: Double
  private let slices: [(group: Int, range: Range<Int>)]
  private let arena = Arena()

  init(_ parameters: Parameters, frozen: Bool, weightDecay: Double, engine: Engine) {
    self.parameters = parameters
    self.engine = engine
    self.weightDecay = weightDecay
    let count = unsafe parameters.values.count
    unsafe firstMoments = unsafe UnsafeMutableBufferPointer(start: arena.allocate(count), count: count)
    unsafe secondMoments = unsafe UnsafeMutableBufferPointer(start: arena.allocate(count), count: count)
    slices = (0..<Configuration.layerGroups).flatMap { group in
      parameters.trainableRanges(frozen: frozen, group: group).map { (group, $0) }
    }
  }

  var state: [NamedFloats] {
    unsafe [NamedFloats("exp_avg", firstMoments), NamedFloats("exp_avg_sq", secondMoments)]
  }

  func update(_ hyperparameters: Hyperparameters) {
    step += 1
    for (group, range) in slices {
      unsafe engine.adamW(
        weights: .init(rebasing: parameters.values[range]), gradients: .init(rebasing: parameters.gradients[range]),
        firstMoments: .init(rebasing: firstMoments[range]), secondMoments: .init(rebasing: secondMoments[range]),
        step: step, learningRate: hyperparameters.rates[group], betas: (hyperparameters.momentum, 0.99),
        weightDecay: weightDecay)
    }
  }
}
