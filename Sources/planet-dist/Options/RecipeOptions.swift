public import ArgumentParser
import Files
import Foundation
public import Recipes
public import ResNet

/// The recipe and its knobs, by fastai's names. An option overrides the recipe's file, the file what the planet recipe
/// has.
struct RecipeOptions: ParsableArguments {
  @Option(help: "A recipe to train instead of the planet recipe: a YAML file, as launch/recipes has some.")
  var recipe: String?

  @Option(help: "Stages to train, separated by commas. Default: all, or those after --from.")
  var stages: String?

  @Option(help: Knobs.arch.help()) var arch: Architecture?
  @Option(help: Knobs.epochs.help()) var epochs: Int?

  @Option(
    help:
      "The notebook's lr: frozen stages peak at slice(lr), others at slice(1e-5, lr/5). Or 'slice(1e-5,2e-3)', 'slice(1e-2)'."
  )
  var lr: String?

  @Option(help: Knobs.size.help("the stage's, 128 or 256")) var size: Int?
  @Option(help: Knobs.batchSize.help()) var batchSize: Int?
  @Option(help: Knobs.wd.help()) var wd: Double?
  @Option(help: Knobs.ps.help()) var ps: Double?
  @Option(help: Knobs.seed.help()) var seed: UInt32?
  @Flag(inversion: .prefixedNo, help: Knobs.augment.help()) var augment: Bool?
  @Flag(inversion: .prefixedNo, help: Knobs.shuffle.help()) var shuffle: Bool?
  @Option(help: Knobs.batchNorm.help()) var batchNorm: Configuration.BatchNormScope?
  @Option(help: Knobs.virtualRanks.help()) var virtualRanks: VirtualRanks?
  @Option(help: Knobs.mixup.help()) var mixup: Double?
  @Option(help: Knobs.labelSmoothing.help()) var labelSmoothing: Double?
  @Option(help: Knobs.ema.help()) var ema: Double?
  @Flag(inversion: .prefixedNo, help: Knobs.keepBest.help()) var keepBest: Bool?

  @Option(help: Knobs.patience.help()) var earlyStopping: Int?

  /// What is set for the recipe as a whole.
  private var settings: [Setting<Configuration>] {
    [
      Knobs.arch.setting(arch), Knobs.batchSize.setting(batchSize), Knobs.wd.setting(wd), Knobs.ps.setting(ps),
      Knobs.seed.setting(seed),
      Knobs.augment.setting(augment), Knobs.shuffle.setting(shuffle), Knobs.batchNorm.setting(batchNorm),
      Knobs.virtualRanks.setting(virtualRanks),
      Knobs.mixup.setting(mixup), Knobs.labelSmoothing.setting(labelSmoothing), Knobs.ema.setting(ema),
      Knobs.keepBest.setting(keepBest),
    ]
  }

  /// What is set for each stage.
  private var stageSettings: [Setting<Configuration.Stage>] {
    [Knobs.size.setting(size), Knobs.epochs.setting(epochs)]
  }

  func validate() throws {
    for setting in stageSettings { try setting.check() }
    try settings.check()
    if let earlyStopping { try Limits.patience.check("--early-stopping", earlyStopping) }
    if let lr { _ = try Self.peak(lr, frozen: true) }
  }

  /// The recipe with what options say, and the stages they choose.
  ///
  /// - Parameter checkpoint: a saved stage of the recipe that is continued from.
  func configuration(_ recipe: Configuration, after checkpoint: String?) throws -> Configuration {
    var c = recipe
    c.stages = try selection(of: recipe, after: checkpoint).map { stage in
      var stage = stage
      if let lr {
        stage.learningRates = try Self.peak(lr, frozen: stage.frozen).rates(groups: Configuration.layerGroups)
      }
      for setting in stageSettings { setting.apply(&stage) }
      return stage
    }
    settings.apply(to: &c)
    if let earlyStopping {
      c.earlyStopping = .init(patience: earlyStopping, minDelta: c.earlyStopping?.minDelta ?? 0)
    }
    return c
  }

  /// The stages `--stages` names, or those that follow the checkpoint, or all.
  private func selection(of recipe: Configuration, after checkpoint: String?) throws -> [Configuration.Stage] {
    guard let stages else {
      let following = recipe.stages.drop { stage in stage.name != checkpoint }.dropFirst()
      guard let checkpoint, recipe.stages.contains(where: { $0.name == checkpoint }) else { return recipe.stages }
      if following.isEmpty {
        throw ValidationError("--from \(checkpoint) leaves no stage to train. Name some with --stages.")
      }
      return Array(following)
    }
    let names = stages.parts(by: ",").map(\.trimmed).filter { !$0.isEmpty }
    if Set(names).count != names.count || names.isEmpty {
      throw ValidationError("--stages must name each stage once.")
    }
    return try names.map { name in
      if let stage = recipe.stages.first(where: { $0.name == name }) { return stage }
      throw ValidationError(
        "--stages: no stage \(name). There are \(recipe.stages.map(\.name).joined(separator: ", ")).")
    }
  }

  /// A learning rate as fastai's users write it: a number is the notebook's `lr`, slices are taken as they are.
  static func peak(_ text: String, frozen: Bool) throws -> LearningRates {
    guard let rates = LearningRates(text) else {
      throw ValidationError("--lr must be \(LearningRates.spellings), not '\(text)'.")
    }
    if case .uniform(let lr) = rates { return Recipe.peak(frozen: frozen, lr: lr) }
    return rates
  }
}

extension Architecture: ExpressibleByArgument {}
extension Configuration.BatchNormScope: ExpressibleByArgument {}
extension VirtualRanks: ExpressibleByArgument {}
