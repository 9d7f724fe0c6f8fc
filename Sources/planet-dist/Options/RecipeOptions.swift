public import ArgumentParser
import Files
import Foundation
import PlanetData
public import Recipes
public import ResNet

/// The recipe and its knobs, by fastai's names. An option overrides the recipe's file, the file what the planet recipe
/// has.
struct RecipeOptions: ParsableArguments {
  @Option(help: "A recipe to train instead of the planet recipe: a YAML file, as launch/recipes has some.")
  var recipe: String?

  @Option(help: "Stages to train, separated by commas. Default: all, or those after --from.")
  var stages: String?

  @Option(help: "The network. Default: \(Recipe.arch).")
  var arch: Architecture?

  @Option(help: "Epochs of each stage. Default: \(Recipe.epochs).")
  var epochs: Int?

  @Option(
    help:
      "The notebook's lr: frozen stages peak at slice(lr), others at slice(1e-5, lr/5). Or 'slice(1e-5,2e-3)', 'slice(1e-2)'."
  )
  var lr: String?

  @Option(help: "Side of the images in pixels. Default: the stage's, 128 or 256.")
  var size: Int?

  @Option(help: "Images of a step, over all ranks together. Default: \(Recipe.batchSize).")
  var batchSize: Int?

  @Option(help: "Weight decay. Default: \(Recipe.wd).")
  var wd: Double?

  @Option(help: "Dropout before the last layer; half of it before the hidden one. Default: \(Recipe.ps).")
  var ps: Double?

  @Option(help: "Seed of weights, order, augmentation and dropout. Default: 1.")
  var seed: UInt32?

  @Flag(inversion: .prefixedNo, help: "Change training images at random. Default: yes.")
  var augment: Bool?

  @Flag(inversion: .prefixedNo, help: "Draw a new order for every epoch. Default: yes.")
  var shuffle: Bool?

  @Option(
    help:
      "Whose images batch normalization's statistics are taken over: all ranks' (sync) or each rank's own (local). Default: sync."
  )
  var batchNorm: Configuration.BatchNorm?

  @Option(help: "Mix pairs of training images, with this alpha (fastai: 0.4). Default: 0, not.")
  var mixup: Double?

  @Option(help: "Train towards y (1 - e) + e/2 instead of y, with this e. Default: 0.")
  var labelSmoothing: Double?

  @Option(help: "Evaluate and save an exponential moving average of the weights, with this decay. Default: 0, none.")
  var ema: Double?

  @Flag(inversion: .prefixedNo, help: "Keep of each stage the epoch with the highest fbeta. Default: no, the last.")
  var keepBest: Bool?

  @Option(help: "End a stage after more than this many epochs in a row without a higher fbeta. Default: never.")
  var earlyStopping: Int?

  func validate() throws {
    try Limits.epochs.check("--epochs", epochs)
    try Limits.size.check("--size", size)
    try Limits.batchSize.check("--batch-size", batchSize)
    try Limits.fraction.check("--wd", wd)
    try Limits.fraction.check("--ps", ps)
    try Limits.fraction.check("--label-smoothing", labelSmoothing)
    try Limits.fraction.check("--ema", ema)
    try Limits.patience.check("--early-stopping", earlyStopping)
    try Limits.mixup.check("--mixup", mixup)
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
      (stage.size, stage.epochs) = (size ?? stage.size, epochs ?? stage.epochs)
      return stage
    }
    c.arch = arch ?? c.arch
    (c.batchSize, c.wd, c.ps, c.seed) = (batchSize ?? c.batchSize, wd ?? c.wd, ps ?? c.ps, seed ?? c.seed)
    (c.augment, c.shuffle) = (augment ?? c.augment, shuffle ?? c.shuffle)
    (c.batchNorm, c.mixup) = (batchNorm ?? c.batchNorm, mixup ?? c.mixup)
    (c.labelSmoothing, c.ema, c.keepBest) = (labelSmoothing ?? c.labelSmoothing, ema ?? c.ema, keepBest ?? c.keepBest)
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
extension Configuration.BatchNorm: ExpressibleByArgument {}
