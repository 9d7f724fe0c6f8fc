public import PlanetData

/// What one epoch of training goes through: a function of seed, stage and epoch alone.
public struct EpochPlan: Sendable {
  public let order: EpochOrder
  private let seed: UInt64
  private let epoch: Int
  private let augments: Bool
  private let mixup: Mixup?
  /// The stage's steps before this epoch.
  private let stepsBefore: Int

  init(_ recipe: Configuration, _ stage: Configuration.Stage, epoch: Int, images: [Int]) {
    (seed, self.epoch, augments) = (recipe.seed(of: stage), epoch, recipe.augment)
    order = recipe.shuffle ? EpochOrder(shuffling: images, seed: seed, epoch: epoch) : EpochOrder(images)
    mixup = recipe.mixup > 0 ? Mixup(alpha: recipe.mixup, seed: seed) : nil
    stepsBefore = epoch * (images.count / recipe.batchSize)
  }

  /// What is done to an image, by its index.
  public func augmentation(of image: Int) -> Augmentation {
    augments ? .random(seed: seed, epoch: epoch, image: image) : .identity
  }

  /// What is mixed into each image of a global batch, given its number in the epoch; empty if nothing is.
  func partners(of batch: [Int], step: Int) -> [Mixup.Partner] {
    mixup?.partners(of: batch, step: stepsBefore + step) ?? []
  }

  /// A rank's batches; see ``EpochOrder/batches(globalBatch:rank:worldSize:partners:)``.
  public func batches(globalBatch: Int, rank: Int, worldSize: Int) -> [BatchLoad] {
    order.batches(
      globalBatch: globalBatch, rank: rank, worldSize: worldSize,
      partners: mixup == nil ? nil : { partners(of: $0, step: $1) })
  }
}

extension Configuration {
  /// The order of `images` in an epoch of a stage, and what is done to each.
  public func plan(_ stage: Stage, epoch: Int, images: [Int]) -> EpochPlan {
    EpochPlan(self, stage, epoch: epoch, images: images)
  }
}
