import Collectives
public import Recipes

/// The small message all ranks exchange in every step, so that all decide alike: one sum over ranks, to which rank 0
/// contributes the schedule and every rank its flags and losses.
public struct Control: Sendable {
  /// The global batch's loss: a mean over all ranks' images.
  public let loss: Double
  /// Whether any rank was asked to stop.
  public let stop: Bool
  /// Whether the state is to be saved after this step, as rank 0 says.
  public let saves: Bool
  /// Rank 0's values, which all ranks use.
  public let hyperparameters: Hyperparameters
  /// How many buckets of gradients are deferred: rank 0's, too.
  let deferring: Int

  /// - Parameters:
  ///   - step: the step's number, the same on all ranks.
  ///   - lossSum: the sum of the loss over this rank's images and their labels.
  ///   - images: how many images this rank has.
  ///   - saves, deferring: rank 0's.
  /// - Throws: ``TrainingError/outOfStep(_:)`` if a rank is in another step, ``TrainingError/notFinite(step:)`` on all ranks
  ///   if the loss is not a number.
  static func exchange(
    step: Int, stop: Bool, saves: Bool, lossSum: Double, images: Int, labels: Int, schedule: any Schedule,
    deferring: Int,
    communicator: Communicator
  ) throws -> Control {
    var hyperparameters = schedule.values(at: step)
    let own = communicator.rank == 0 ? hyperparameters.values : hyperparameters.values.map { _ in 0 }
    let decided = communicator.rank == 0 ? [Double(deferring), saves ? 1 : 0] : [0, 0]
    let sum = try communicator.sum([Double(step), stop ? 1 : 0, lossSum, Double(images)] + decided + own)
    guard sum[0] == Double(step * communicator.size) else { throw TrainingError.outOfStep(step) }
    let loss = sum[2] / (sum[3] * Double(labels))
    guard loss.isFinite else { throw TrainingError.notFinite(step: step) }
    hyperparameters.values = Array(sum[6...])
    return Control(
      loss: loss, stop: sum[1] > 0, saves: sum[5] > 0, hyperparameters: hyperparameters, deferring: Int(sum[4]))
  }
}
