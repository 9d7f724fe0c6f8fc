public import ArgumentParser
import Foundation
import ResNet
public import Training

/// The recipe's knobs, by fastai's names. What is not given stays as the recipe has it.
struct RecipeOptions: ParsableArguments {
  @Option(help: "Stages to train, separated by commas. Default: all, or those after --from.")
  var stages: String?

  @Option(help: "Epochs of each stage. Default: \(Recipe.epochs).")
  var epochs: Int?

  @Option(
    help:
      "The recipe's lr: frozen stages peak at slice(lr), others at slice(1e-5, lr/5). Or 'slice(1e-5,2e-3)', 'slice(1e-2)'."
  )
  var lr: String?

  @Option(help: "Side of the images in pixels. Default: the stage's, 128 or 256.")
  var size: Int?

  @Option(help: "Images of a step, over all ranks together.")
  var batchSize = Recipe.batchSize

  @Option(help: "Weight decay.")
  var wd = Recipe.weightDecay

  @Option(help: "Dropout before the last layer; half of it before the hidden one.")
  var ps = Recipe.dropout

  @Option(help: "Seed of weights, order, augmentation and dropout.")
  var seed: UInt32 = 1

  @Flag(inversion: .prefixedNo, help: "Change training images at random.")
  var augment = true

  @Flag(inversion: .prefixedNo, help: "Draw a new order for every epoch.")
  var shuffle = true

  @Option(
    help: "Whose images batch normalization's statistics are taken over: all ranks' (sync) or each rank's own (local).")
  var batchNorm = Configuration.BatchNorm.sync

  func validate() throws {
    for name in stageNames ?? [] where !Recipe.stages.contains(where: { $0.name == name }) {
      throw ValidationError(
        "--stages: no stage \(name). There are \(Recipe.stages.map(\.name).joined(separator: ", ")).")
    }
    if let stageNames, Set(stageNames).count != stageNames.count || stageNames.isEmpty {
      throw ValidationError("--stages must name each stage once.")
    }
    if let epochs, !(0...100_000).contains(epochs) {
      throw ValidationError("--epochs must be 0 to 100000, not \(epochs).")
    }
    if let size, !(ResNet50.smallestImage...4096).contains(size) {
      throw ValidationError("--size must be \(ResNet50.smallestImage) to 4096, not \(size).")
    }
    if !(2...65536).contains(batchSize) { throw ValidationError("--batch-size must be 2 to 65536, not \(batchSize).") }
    if !(wd >= 0 && wd < 1) { throw ValidationError("--wd must be in 0..<1, not \(wd).") }
    if !(ps >= 0 && ps < 1) { throw ValidationError("--ps must be in 0..<1, not \(ps).") }
    if let lr { _ = try Self.peak(lr, frozen: true) }
  }

  private var stageNames: [String]? { stages?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }

  /// The run's configuration.
  ///
  /// - Parameter following: the stages to train without `--stages`.
  func configuration(following: [String]) throws -> Configuration {
    let names = stageNames ?? following
    let stages = try names.compactMap { name in try Recipe.stages.first { $0.name == name }.map { try self.stage($0) } }
    var configuration = Configuration(stages: stages)
    (configuration.batchSize, configuration.wd, configuration.ps) = (batchSize, wd, ps)
    (configuration.seed, configuration.augment, configuration.shuffle) = (seed, augment, shuffle)
    configuration.batchNorm = batchNorm
    return configuration
  }

  private func stage(_ stage: Recipe.Stage) throws -> Configuration.Stage {
    let peak = try lr.map { try Self.peak($0, frozen: stage.frozen) } ?? Recipe.peak(frozen: stage.frozen, lr: stage.lr)
    return Configuration.Stage(
      name: stage.name, size: size ?? stage.size, frozen: stage.frozen, learningRates: peak.rates(groups: 3),
      epochs: epochs ?? Recipe.epochs)
  }

  /// A learning rate as fastai's users write it: a number is the recipe's `lr`, slices are taken as they are.
  static func peak(_ text: String, frozen: Bool) throws -> LearningRates {
    func number(_ text: some StringProtocol) throws -> Double {
      guard let value = Double(text.trimmingCharacters(in: .whitespaces)), value > 0, value.isFinite
      else { throw ValidationError("--lr must be a positive number, slice(lr) or slice(low,high), not '\(text)'.") }
      return value
    }
    guard text.hasPrefix("slice("), text.hasSuffix(")") else {
      return Recipe.peak(frozen: frozen, lr: try number(text))
    }
    let inner = text.dropFirst(6).dropLast()
    guard let comma = inner.firstIndex(of: ",") else { return .slice(try number(inner)) }
    return .range(try number(inner[..<comma]), try number(inner[inner.index(after: comma)...]))
  }
}

extension Configuration.BatchNorm: ExpressibleByArgument {}
