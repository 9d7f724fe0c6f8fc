public import PlanetData

/// What one epoch of training goes through.
public struct EpochPlan: Sendable {
  public let order: EpochOrder
  /// What is done to an image, by its index.
  public let augmentation: @Sendable (Int) -> Augmentation
  /// Given a global batch and its number in the epoch, what is mixed into each image; nil if nothing is.
  public let partners: (@Sendable ([Int], Int) -> [Mixup.Partner])?
}

extension Configuration {
  /// The order of `images` in an epoch of a stage, and what is done to each: functions of seed, stage and epoch alone.
  public func plan(_ stage: Stage, epoch: Int, images: [Int]) -> EpochPlan {
    let (seed, augment, stepsPerEpoch) = (seed(of: stage), augment, images.count / batchSize)
    var partners: (@Sendable ([Int], Int) -> [Mixup.Partner])?
    if mixup > 0 {
      let mixup = Mixup(alpha: mixup, seed: seed)
      partners = { batch, step in mixup.partners(of: batch, step: epoch * stepsPerEpoch + step) }
    }
    return EpochPlan(
      order: shuffle ? EpochOrder(shuffling: images, seed: seed, epoch: epoch) : EpochOrder(images),
      augmentation: { augment ? .random(seed: seed, epoch: epoch, image: $0) : .identity }, partners: partners)
  }
}
