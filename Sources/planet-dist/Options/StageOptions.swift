import ArgumentParser
import Recipes

/// A stage of a recipe, for commands that look at one without training it.
struct StageOptions: ParsableArguments {
  @Option(help: "The recipe instead of the planet recipe: a YAML file, as launch/recipes has some.")
  var recipe: String?

  @Option(help: "The stage. Default: the recipe's first.")
  var stage: String?

  @Option(help: "Side of the images in pixels. Default: the stage's.")
  var size: Int?

  @Option(help: "Images of a step, over all ranks together. Default: the recipe's, \(Recipe.batchSize).")
  var batchSize: Int?

  @Option(help: "Seed of weights, order, augmentation and dropout. Default: the recipe's, 1.")
  var seed: UInt32?

  func validate() throws {
    try Limits.size.check("--size", size)
    try Limits.batchSize.check("--batch-size", batchSize)
    if recipe == nil { _ = try configuration(of: Recipe.planet) }
  }

  /// The recipe with what options say, and of its stages that one.
  func configuration() throws -> Configuration { try configuration(of: .recipe(recipe)) }

  private func configuration(of recipe: Configuration) throws -> Configuration {
    let named = stage ?? recipe.stages[0].name
    guard var chosen = recipe.stages.first(where: { $0.name == named }) else {
      throw ValidationError(
        "--stage: no stage \(named). There are \(recipe.stages.map(\.name).joined(separator: ", ")).")
    }
    chosen.size = size ?? chosen.size
    var c = recipe
    (c.stages, c.batchSize, c.seed) = ([chosen], batchSize ?? c.batchSize, seed ?? c.seed)
    return c
  }
}

extension Configuration {
  /// The recipe of a file; without one, the planet recipe.
  static func recipe(_ path: String?) throws -> Configuration {
    guard let path else { return Recipe.planet }
    return try RecipeFile.parse(RecipeFile.read(path), path: path)
  }
}
