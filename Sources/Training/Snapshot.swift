import Compute
import ResNet

/// A second set of a network's weights and running statistics: the moving average, the best epoch's, or those from before
/// a learning rate test. Ranks that share the network's parameters share this set of them, too.
final class Snapshot {
  private let replica: Replica
  let owned: OwnedFloats
  let statistics: OwnedFloats

  /// Makes a copy of what the network has now. Collective, as all functions here but ``follow(step:decay:engine:)``.
  init(of replica: Replica) throws {
    self.replica = replica
    owned = try replica.floats()
    statistics = unsafe OwnedFloats(replica.parameters.runningStatistics.count)
    try copy()
  }

  var values: UnsafeMutableBufferPointer<Float> { unsafe owned.values }
  var runningStatistics: UnsafeMutableBufferPointer<Float> { unsafe statistics.values }

  /// Makes this a copy of what the network has now.
  func copy() throws {
    let parameters = replica.parameters
    try replica.write { unsafe Self.copy($0, from: parameters.values, to: values) }
    _ = unsafe runningStatistics.update(fromContentsOf: parameters.runningStatistics)
  }

  /// Gives the network this copy.
  func restore() throws {
    let parameters = replica.parameters
    try replica.write { unsafe Self.copy($0, from: values, to: parameters.values) }
    _ = unsafe parameters.runningStatistics.update(fromContentsOf: runningStatistics)
  }

  /// Exchanges this set and the network's.
  func swap() throws {
    let parameters = replica.parameters
    try replica.write { unsafe Self.exchange($0, values, parameters.values) }
    unsafe Self.exchange(runningStatistics.indices, runningStatistics, parameters.runningStatistics)
  }

  /// Follows the network as an exponential moving average (Polyak and Juditsky, 1992), statistics included, as timm's
  /// `ModelEmaV2`. The decay grows from 2/11 to what is asked, as TensorFlow's `ExponentialMovingAverage` does with
  /// `num_updates`, so that the first weights do not weigh on a short run.
  ///
  /// - Parameter step: updates of the optimizer, counted from 1.
  func follow(step: Int, decay: Double, engine: Engine) {
    let share = 1 - min(decay, Double(1 + step) / Double(10 + step))
    let parameters = replica.parameters
    let own = unsafe replica.own(values.count)
    unsafe engine.approach(.init(rebasing: parameters.values[own]), share: share, in: .init(rebasing: values[own]))
    unsafe engine.approach(parameters.runningStatistics, share: share, in: runningStatistics)
  }

  static func copy(
    _ range: Range<Int>, from source: UnsafeMutableBufferPointer<Float>, to target: UnsafeMutableBufferPointer<Float>
  ) {
    let part = unsafe UnsafeMutableBufferPointer(rebasing: target[range])
    _ = unsafe part.update(fromContentsOf: source[range])
  }

  private static func exchange(
    _ range: Range<Int>, _ a: UnsafeMutableBufferPointer<Float>, _ b: UnsafeMutableBufferPointer<Float>
  ) {
    for i in range { unsafe (a[i], b[i]) = unsafe (b[i], a[i]) }
  }
}
