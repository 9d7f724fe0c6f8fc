import Compute
import Recipes
import ResNet

/// AdamW over the arena of parameters, as fastai applies it (recipe §5): betas (β1 of the schedule, 0.99), weight decay on
/// everything that trains, batch normalization and biases included.
///
/// A stage begins with a new one: freezing and unfreezing do that in fastai.
final class Optimizer {
  let parameters: Parameters
  let firstMoments: UnsafeMutableBufferPointer<Float>
  let secondMoments: UnsafeMutableBufferPointer<Float>
  /// Updates made.
  var step = 0
  private let engine: Engine
  private let weightDecay: Double
  private let slices: [(group: Int, range: Range<Int>)]
  private let arena = Arena()

  init(_ parameters: Parameters, frozen: Bool, weightDecay: Double, engine: Engine) {
    self.parameters = parameters
    self.engine = engine
    self.weightDecay = weightDecay
    let count = parameters.values.count
    firstMoments = UnsafeMutableBufferPointer(start: arena.allocate(count), count: count)
    secondMoments = UnsafeMutableBufferPointer(start: arena.allocate(count), count: count)
    slices = (0..<Configuration.layerGroups).flatMap { group in
      parameters.trainableRanges(frozen: frozen, group: group).map { (group, $0) }
    }
  }

  /// One update from the gradients.
  ///
  /// - Parameter rates: the learning rate of each layer group.
  func update(rates: [Double], beta1: Double) {
    step += 1
    for (group, range) in slices {
      engine.adamW(
        weights: .init(rebasing: parameters.values[range]), gradients: .init(rebasing: parameters.gradients[range]),
        firstMoments: .init(rebasing: firstMoments[range]), secondMoments: .init(rebasing: secondMoments[range]),
        step: step, learningRate: rates[group], betas: (beta1, 0.99), weightDecay: weightDecay)
    }
  }
}
