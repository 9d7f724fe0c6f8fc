import Compute
import ResNet

/// A second set of a network's weights and running statistics: the moving average, the best epoch's, or those from before
/// a learning rate test.
final class Snapshot {
  let values: UnsafeMutableBufferPointer<Float>
  let runningStatistics: UnsafeMutableBufferPointer<Float>
  private let arena = Arena()

  /// Makes a copy of what the network has now.
  init(of parameters: Parameters) {
    let buffer = { [arena] in UnsafeMutableBufferPointer<Float>(start: arena.allocate($0), count: $0) }
    values = buffer(parameters.values.count)
    runningStatistics = buffer(parameters.runningStatistics.count)
    copy(from: parameters)
  }

  /// Makes this a copy of what the network has now.
  func copy(from parameters: Parameters) {
    _ = values.update(fromContentsOf: parameters.values)
    _ = runningStatistics.update(fromContentsOf: parameters.runningStatistics)
  }

  /// Gives the network this copy.
  func restore(_ parameters: Parameters) {
    _ = parameters.values.update(fromContentsOf: values)
    _ = parameters.runningStatistics.update(fromContentsOf: runningStatistics)
  }

  /// Exchanges this set and the network's.
  func swap(_ parameters: Parameters) {
    for (mine, its) in [(values, parameters.values), (runningStatistics, parameters.runningStatistics)] {
      for i in mine.indices { (mine[i], its[i]) = (its[i], mine[i]) }
    }
  }

  /// Follows the network as an exponential moving average (Polyak and Juditsky, 1992), statistics included, as timm's
  /// `ModelEmaV2`. The decay grows from 2/11 to what is asked, as TensorFlow's `ExponentialMovingAverage` does with
  /// `num_updates`, so that the first weights do not weigh on a short run.
  ///
  /// - Parameter step: updates of the optimizer, counted from 1.
  func follow(_ parameters: Parameters, step: Int, decay: Double, engine: Engine) {
    let share = 1 - min(decay, Double(1 + step) / Double(10 + step))
    engine.approach(parameters.values, share: share, in: values)
    engine.approach(parameters.runningStatistics, share: share, in: runningStatistics)
  }
}
