import ArgumentParser
import Recipes

/// A stage of a recipe, for commands that look at one without training it.
struct StageOptions: ParsableArguments {
  @Option(help: "The recipe instead of the planet recipe: a YAML file, as launch/recipes has some.")
  var recipe: String?

  @Option(help: "The stage. Default: the recipe's first.")
  var stage: String?

  @Option(help: Knobs.size.help("the stage's")) var size: Int?
  @Option(help: Knobs.batchSize.help("the recipe's, \(Recipe.batchSize)")) var batchSize: Int?
  @Option(help: Knobs.seed.help("the recipe's, 1")) var seed: UInt32?

  private var settings: [Setting<Configuration>] { [Knobs.batchSize.setting(batchSize), Knobs.seed.setting(seed)] }

  func validate() throws {
    try Knobs.size.setting(size).check()
    try settings.check()
    if recipe == nil { _ = try configuration(of: Recipe.planet) }
  }

  /// The recipe as options change it, with only the stage they choose.
  func configuration() throws -> Configuration { try configuration(of: .recipe(recipe)) }

  private func configuration(of recipe: Configuration) throws -> Configuration {
    let named = stage ?? recipe.stages[0].name
    guard var chosen = recipe.stages.first(where: { $0.name == named }) else {
      throw ValidationError(
        "--stage: no stage \(named). There are \(recipe.stages.map(\.name).joined(separator: ", ")).")
    }
    Knobs.size.setting(size).apply(&chosen)
    var c = recipe
    c.stages = [chosen]
    settings.apply(to: &c)
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
