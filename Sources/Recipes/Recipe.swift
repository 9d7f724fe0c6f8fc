import PlanetData
public import ResNet

/// fastai's "planet" recipe (course-v3's lesson3-planet.ipynb; learning rates of the first blog post), and what its knobs
/// are where neither a recipe's file nor an option sets them.
public enum Recipe {
  /// The four stages; `launch/recipes/planet.yaml` says the same.
  public static let planet = Configuration(stages: [
    stage("stage-1-rn50", 0, size: size, frozen: true, lr: 0.01),
    stage("stage-2-rn50", 1, size: size, frozen: false, lr: 0.01),
    stage("stage-1-256-rn50", 2, size: 256, frozen: true, lr: 1e-3),
    stage("stage-2-256-rn50", 3, size: 256, frozen: false, lr: 1e-3),
  ])

  /// Side of the images, in pixels, of the first two stages, and of a stage that does not say.
  public static let size = 128
  /// Epochs of each stage.
  public static let epochs = 5
  /// The network.
  public static let arch = Architecture.resnet50
  /// Images of a step, over all ranks.
  public static let batchSize = 64
  /// Parts of a batch by which to sum over it.
  public static let virtualRanks = VirtualRanks.eight
  public static let optimizer = OptimizerKind.adamW
  /// Weight decay.
  public static let wd = 0.01
  /// Dropout before the last layer; half of it before the hidden one.
  public static let ps = 0.5
  /// Logits become tags above this probability.
  public static let threshold = 0.2
  /// Fraction of the images kept for validation.
  public static let validPct = Split.validPct
  /// Seed of the split.
  public static let splitSeed = Split.seed

  /// The peak learning rates of a stage for the notebook's `lr`: a frozen stage peaks at `slice(lr)`, the others at
  /// `slice(1e-5, lr/5)`.
  public static func peak(frozen: Bool, lr: Double) -> LearningRates {
    frozen ? .slice(lr) : .range(1e-5, lr / 5)
  }

  private static func stage(_ name: String, _ index: Int, size: Int, frozen: Bool, lr: Double) -> Configuration.Stage {
    Configuration.Stage(
      name: name, index: index, size: size, frozen: frozen,
      learningRates: peak(frozen: frozen, lr: lr).rates(groups: Configuration.layerGroups), epochs: epochs)
  }
}
