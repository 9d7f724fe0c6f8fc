public import Compute
public import Foundation
public import ResNet

/// A recipe, as arguments and messages call it. (``Recipe`` has the values of the planet recipe.)
///
/// It is everything that decides what a run computes: two runs with equal configurations, data and starting weights give
/// the same bits, on any threads and any ranks that divide ``virtualRanks``. Saved with a run's state, and compared when it resumes. ``RecipeFile``
/// is how it is written for people.
public struct Configuration: Codable, Equatable, Sendable {
  /// Layer groups with learning rates of their own (recipe §4).
  public static let layerGroups = Architecture.headGroup + 1

  /// One call of `fit_one_cycle`.
  public struct Stage: Codable, CustomStringConvertible, Equatable, Sendable {
    /// What its checkpoint is called.
    public var name: String
    /// Its place in the whole recipe, counted from 0, by which its random numbers differ from other stages'.
    public var index: Int
    /// Side of the square images, in pixels.
    public var size: Int
    /// Whether only the head and batch normalization train (recipe §4.1).
    public var frozen: Bool
    /// Peak learning rate of each layer group.
    public var learningRates: [Double]
    public var epochs: Int

    /// What trains on what: "128×128, frozen body".
    public var description: String { "\(size)×\(size), \(frozen ? "frozen body" : "unfrozen")" }

    /// The peaks for people: "0.0001, 0.0001, 0.001".
    public var peakRates: String { learningRates.map { String(format: "%.3g", $0) }.joined(separator: ", ") }

    public init(name: String, index: Int, size: Int, frozen: Bool, learningRates: [Double], epochs: Int) {
      self.name = name
      self.index = index
      self.size = size
      self.frozen = frozen
      self.learningRates = learningRates
      self.epochs = epochs
    }
  }

  /// Whose images a batch normalization's statistics are taken over.
  public enum BatchNormScope: String, Codable, CaseIterable, Sendable {
    /// All ranks'.
    case sync
    /// Each rank's own.
    case local
  }

  /// When a stage ends before its last epoch: fastai's `EarlyStoppingCallback` watching fbeta.
  public struct EarlyStopping: Codable, Equatable, Sendable {
    /// How many epochs in a row may pass without improvement; one more ends the stage.
    public var patience = 0
    /// What fbeta must grow by to count as improved.
    public var minDelta = 0.0

    public init(patience: Int = 0, minDelta: Double = 0) { (self.patience, self.minDelta) = (patience, minDelta) }

    /// Whether to stop after epochs with these scores.
    public func stops(after scores: [Double]) -> Bool {
      var (best, wait) = (-Double.infinity, 0)
      for score in scores {
        (best, wait) = score - minDelta > best ? (score, 0) : (best, wait + 1)
      }
      return wait > patience
    }
  }

  public var stages: [Stage]
  public var arch = Recipe.arch
  public var batchSize = Recipe.batchSize
  public var wd = Recipe.wd
  public var ps = Recipe.ps
  public var seed: UInt32 = 1
  public var augment = true
  public var shuffle = true
  public var batchNorm = BatchNormScope.sync
  public var precision = Precision.fp32
  public var virtualRanks = Recipe.virtualRanks
  public var validPct = Recipe.validPct
  public var splitSeed = Recipe.splitSeed
  /// α of ``Mixup``; 0 mixes nothing.
  public var mixup = 0.0
  /// Training targets y become y·(1 - ε) + ε/2, as in Keras's `BinaryCrossentropy`.
  public var labelSmoothing = 0.0
  /// Decay of ``Snapshot/follow(_:step:decay:engine:)``, which then is what is evaluated and saved; 0 averages nothing.
  public var ema = 0.0
  public var earlyStopping: EarlyStopping?
  /// Whether a stage's result are the weights of its epoch with the highest fbeta (fastai's `SaveModelCallback`), not
  /// those of its last.
  public var keepBest = false

  public init(stages: [Stage]) { self.stages = stages }

  /// Why data of so many images and labels cannot be trained on by it; nothing if they can.
  public func obstacles(train: Int, valid: Int, labels: Int, ranks: Int) -> [RecipeError] {
    var found: [RecipeError] = []
    if train < batchSize { found.append(.tooFewImages(train: train, batchSize: batchSize)) }
    if labels == 0 { found.append(.noLabels) }
    if batchNorm == .local, batchSize / ranks < 2 { found.append(.tooFewPerRank(batchSize: batchSize, ranks: ranks)) }
    if valid == 0, keepBest || earlyStopping != nil { found.append(.nothingToChooseBy) }
    return found
  }

  /// The same bytes for equal configurations.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(self)
  }

  /// The recipe with one of its stages alone.
  public func only(_ stage: String) -> Configuration {
    var recipe = self
    recipe.stages = stages.filter { $0.name == stage }
    return recipe
  }

  /// What differs, in words: "epochs of stage-1-rn50: 8, was 6".
  public func differences(from old: Configuration) -> [String] {
    let (new, old) = (RecipeFile.values(self), RecipeFile.values(old))
    let stages = (new["stages"], old["stages"])
    return Set(new.keys).union(old.keys).sorted().compactMap { key in
      let (now, then) = (new[key], old[key])
      // A stage that only one of them has is told by the list of stages.
      if now == then || key.contains(" of ") && (now == nil || then == nil) && stages.0 != stages.1 { return nil }
      return "\(key): \(now ?? "none"), was \(then ?? "none")"
    }
  }

  /// Whether a recipe's file could say the same: every number is within its limits.
  public var isPlausible: Bool {
    // Checked before the text is written: that adds 1 to the largest index, which must not overflow.
    guard stages.map(\.index).allSatisfy(Limits.stageIndex.contains) else { return false }
    return (try? RecipeFile.parse(RecipeFile.text(self), path: "")) == self
  }

  /// The seed of a stage's random numbers: stages must not repeat each other's orders and augmentations.
  public func seed(of stage: Stage) -> UInt64 { UInt64(stage.index) << 32 | UInt64(seed) }
}

// Values that configurations did not have from the beginning. The decoder that Swift writes for `Configuration` calls
// these overloads rather than the library's function, because they are in the same module.
extension KeyedDecodingContainer {
  /// Configurations saved before they named an architecture were of resnet50, the only one.
  func decode(_ type: Architecture.Type, forKey key: Key) throws -> Architecture {
    try decodeIfPresent(type, forKey: key) ?? .resnet50
  }

  /// Before there were virtual ranks, sums were taken by ranks: on as many ranks, a run continued by these differs by
  /// rounding.
  func decode(_ type: VirtualRanks.Type, forKey key: Key) throws -> VirtualRanks {
    try decodeIfPresent(type, forKey: key) ?? Recipe.virtualRanks
  }
}
