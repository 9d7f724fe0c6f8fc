import ArgumentParser
import PlanetData
import Training

/// Where labelled images are, and how they are split.
struct DataOptions: ParsableArguments {
  @Option(help: "Folder with train_v2.csv or labels.csv, and train-jpg/ or train/.")
  var data: String

  @Option(help: "Label file (image_name,tags), instead of the one in --data.")
  var labels: String?

  @Option(help: "Folder of images, instead of the one in --data.")
  var images: String?

  @Option(help: "What image names lack to be file names.")
  var suffix = ".jpg"

  @Option(help: "Fraction of the images to validate with.")
  var validPct = Recipe.validPct

  @Option(help: "Seed of the split.")
  var splitSeed = UInt32(Recipe.splitSeed)

  func validate() throws {
    guard validPct >= 0, validPct < 1 else { throw ValidationError("--valid-pct must be in 0..<1, not \(validPct).") }
  }

  /// Reads the labels and finds the images.
  ///
  /// - Parameter known: the labels of a trained model.
  func dataset(labels known: [String]? = nil) throws -> Dataset {
    try Dataset(
      DataLocation(data: data, labels: labels, images: images, suffix: suffix), validPct: validPct,
      splitSeed: splitSeed,
      labels: known)
  }
}
