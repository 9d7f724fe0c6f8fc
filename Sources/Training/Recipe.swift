/// The stages of the fastai "planet" recipe (recipe.md's opening table; learning rates of the first blog post).
public enum Recipe {
  /// One call of `fit_one_cycle`.
  public struct Stage: Sendable, Equatable {
    /// What its checkpoint is called.
    public let name: String
    /// Side of the square images, in pixels.
    public let size: Int
    /// Whether only the head and batch normalization train (recipe §4.1).
    public let frozen: Bool
    /// The notebook's `lr`: a frozen stage peaks at `slice(lr)`, the others at `slice(1e-5, lr/5)`.
    public let lr: Double
  }

  public static let stages = [
    Stage(name: "stage-1-rn50", size: 128, frozen: true, lr: 0.01),
    Stage(name: "stage-2-rn50", size: 128, frozen: false, lr: 0.01),
    Stage(name: "stage-1-256-rn50", size: 256, frozen: true, lr: 1e-3),
    Stage(name: "stage-2-256-rn50", size: 256, frozen: false, lr: 1e-3),
  ]

  /// Epochs of each stage.
  public static let epochs = 5
  /// Images of a step, over all ranks.
  public static let batchSize = 64
  /// Weight decay.
  public static let weightDecay = 0.01
  /// Dropout before the last layer; half of it before the hidden one.
  public static let dropout = 0.5
  /// Logits become tags above this probability.
  public static let threshold = 0.2
  /// Fraction of the images kept for validation.
  public static let validPct = 0.2
  /// Seed of the split.
  public static let splitSeed = 42

  /// A stage's place in the recipe, by which its random numbers differ from other stages'.
  static func index(of name: String) -> Int { stages.firstIndex { $0.name == name } ?? stages.count }

  /// The peak learning rates of a stage for a given `lr`.
  public static func peak(frozen: Bool, lr: Double) -> LearningRates {
    frozen ? .slice(lr) : .range(1e-5, lr / 5)
  }
}
