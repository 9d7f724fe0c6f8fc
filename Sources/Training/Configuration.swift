public import Compute
import Foundation
import PlanetData

/// Everything that decides what a run computes: two runs with equal configurations, data and starting weights on as many
/// ranks and threads give the same bits. Saved with a run's state, and compared when it resumes.
public struct Configuration: Codable, Equatable, Sendable {
  /// A stage as it will run, after the command line's overrides.
  public struct Stage: Codable, Equatable, Sendable {
    public var name: String
    public var size: Int
    public var frozen: Bool
    /// Peak learning rate of each layer group.
    public var learningRates: [Double]
    public var epochs: Int

    public init(name: String, size: Int, frozen: Bool, learningRates: [Double], epochs: Int) {
      self.name = name
      self.size = size
      self.frozen = frozen
      self.learningRates = learningRates
      self.epochs = epochs
    }
  }

  /// Whose images a batch normalization's statistics are taken over.
  public enum BatchNorm: String, Codable, CaseIterable, Sendable {
    /// All ranks'.
    case sync
    /// Each rank's own.
    case local
  }

  public var stages: [Stage]
  public var batchSize = Recipe.batchSize
  public var wd = Recipe.weightDecay
  public var ps = Recipe.dropout
  public var seed: UInt32 = 1
  public var augment = true
  public var shuffle = true
  public var batchNorm = BatchNorm.sync
  public var precision = Precision.fp32
  public var validPct = Recipe.validPct
  public var splitSeed = UInt32(Recipe.splitSeed)

  public init(stages: [Stage]) { self.stages = stages }

  /// The same bytes for equal configurations.
  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(self)
  }

  /// The keys whose values differ, as `key: value, was value`.
  func differences(from old: Configuration) throws -> [String] {
    let object = { (data: Data) in try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:] }
    let text = { (value: Any?) in
      let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
      return String(
        decoding: try JSONSerialization.data(withJSONObject: value ?? NSNull(), options: options), as: UTF8.self)
    }
    let (new, old) = (try object(encoded()), try object(old.encoded()))
    return try new.keys.sorted().compactMap { key in
      let (now, then) = (try text(new[key]), try text(old[key]))
      return now == then ? nil : "\(key) is \(now), was \(then)"
    }
  }

  /// The seed of a stage's random numbers: stages must not repeat each other's orders and augmentations.
  func seed(of stage: Stage) -> UInt64 { UInt64(Recipe.index(of: stage.name)) << 32 | UInt64(seed) }
}
