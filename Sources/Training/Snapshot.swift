import Compute
import ResNet

/// A second set of a network's weights and running statistics: the moving average, the best epoch's, or those from before
/// a learning rate test.
@safe final class Snapshot {
  let values: UnsafeMutableBufferPointer<Float>
  let runningStatistics: UnsafeMutableBufferPointer<Float>
  private let arena = Arena()

  /// Makes a copy of what the network has now.
  init(of parameters: Parameters) {
    let buffer = { [arena] in unsafe UnsafeMutableBufferPointer<Float>(start: arena.allocate($0), count: $0) }
    unsafe values = unsafe buffer(parameters.values.count)
    unsafe runningStatistics = unsafe buffer(parameters.runningStatistics.count)
    copy(from: parameters)
  }

  /// Makes this a copy of what the network has now.
  func copy(from parameters: Parameters) {
    _ = unsafe values.update(fromContentsOf: parameters.values)
    _ = unsafe runningStatistics.update(fromContentsOf: parameters.runningStatistics)
  }

  /// Gives the network this copy.
  func restore(_ parameters: Parameters) {
    _ = unsafe parameters.values.update(fromContentsOf: values)
    _ = unsafe parameters.runningStatistics.update(fromContentsOf: runningStatistics)
  }

  /// Exchanges this set and the network's.
  func swap(_ parameters: Parameters) {
    unsafe Self.exchange(values, parameters.values)
    unsafe Self.exchange(runningStatistics, parameters.runningStatistics)
  }

  private static func exchange(_ a: UnsafeMutableBufferPointer<Float>, _ b: UnsafeMutableBufferPointer<Float>) {
    for i in a.indices { unsafe (a[i], b[i]) = unsafe (b[i], a[i]) }
  }

  /// Follows the network as an exponential moving average (Polyak and Juditsky, 1992), statistics included, as timm's
  /// `ModelEmaV2`. The decay grows from 2/11 to what is asked, as TensorFlow's `ExponentialMovingAverage` does with
  /// `num_updates`, so that the first weights do not weigh on a short run.
  ///
  /// - Parameter step: updates of the optimizer, counted from 1.
  func follow(_ parameters: Parameters, step: Int, decay: Double, engine: Engine) {
    let share = 1 - min(decay, Double(1 + step) / Double(10 + step))
    unsafe engine.approach(parameters.values, share: share, in: values)
    unsafe engine.approach(parameters.runningStatistics, share: share, in: runningStatistics)
  }
}
