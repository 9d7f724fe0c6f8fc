import ArgumentParser
import PlanetData
import Training

/// Where labelled images are, and how they are split.
struct DataOptions: ParsableArguments {
  @Option(help: "Folder with train_v2.csv or labels.csv, and train-jpg/ or train/.")
  var data: String?

  @Option(help: "Label file (image_name,tags), instead of the one in --data.")
  var labels: String?

  @Option(help: "Folder of images, instead of the one in --data.")
  var images: String?

  @Option(help: "What image names lack to be file names.")
  var suffix = ".jpg"

  @Option(help: "Fraction of the images to validate with. Default: the recipe's, \(Recipe.validPct).")
  var validPct: Double?

  @Option(help: "Seed of the split. Default: the recipe's, \(Recipe.splitSeed).")
  var splitSeed: UInt32?

  func validate() throws {
    try Limits.fraction.check("--valid-pct", validPct)
  }

  /// The folder. Every command but `train --print-config` needs it.
  var folder: String {
    get throws {
      guard let data else { throw ValidationError("Missing expected argument '--data <data>'") }
      return data
    }
  }

  /// Where the label file and the images are.
  func location() throws -> DataLocation {
    try DataLocation(data: folder, labels: labels, images: images, suffix: suffix)
  }

  /// Reads the labels and finds the images.
  ///
  /// - Parameters:
  ///   - known: the labels of a trained model.
  ///   - recipe: whose split it is, where options do not say otherwise.
  func dataset(labels known: [String]? = nil, recipe: Configuration = Recipe.planet) throws -> Dataset {
    let c = splitting(recipe)
    return try Dataset(location(), validPct: c.validPct, splitSeed: c.splitSeed, labels: known)
  }

  /// The recipe, with the split that options ask for.
  func splitting(_ recipe: Configuration) -> Configuration {
    var c = recipe
    (c.validPct, c.splitSeed) = (validPct ?? c.validPct, splitSeed ?? c.splitSeed)
    return c
  }
}
