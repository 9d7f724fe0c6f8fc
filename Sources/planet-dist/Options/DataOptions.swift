import ArgumentParser
import PlanetData
import Recipes

/// Where labelled images are, and how they are split.
struct DataOptions: ParsableArguments {
  @Option(help: "Folder with train_v2.csv or labels.csv, and train-jpg/ or train/.")
  var data: String?

  @Option(help: "Label file (image_name,tags), instead of the one in --data.")
  var labels: String?

  @Option(help: "Folder of images, instead of the one in --data.")
  var images: String?

  @Option(help: "How image files end, in exactly these letters. Default: \(ImageFormat.suffixList), in any case.")
  var suffix: String?

  @Option(
    help: ArgumentHelp(
      "What separates tags. Default: a space; ' ' itself also takes tags that look separated otherwise.",
      valueName: "separator"))
  var labelDelim: String?

  @Flag(help: "Refuse images that are damaged, though they can be decoded.")
  var strict = false

  @Option(help: Knobs.validPct.help("the recipe's, \(Recipe.validPct); in evaluate the checkpoint's"))
  var validPct: Double?

  @Option(help: Knobs.splitSeed.help("the recipe's, \(Recipe.splitSeed); in evaluate the checkpoint's"))
  var splitSeed: UInt32?

  private var settings: [Setting<Configuration>] {
    [Knobs.validPct.setting(validPct), Knobs.splitSeed.setting(splitSeed)]
  }

  func validate() throws {
    try settings.check()
    if labelDelim == "" { throw ValidationError("--label-delim is empty. Give what separates tags, such as ','.") }
  }

  /// The folder of data. Every command but `train --print-config` needs it, unless both --labels and --images are given.
  var folder: String? {
    get throws {
      if data == nil && (labels == nil || images == nil) {
        throw ValidationError("Missing expected argument '--data <data>'. Give it, or both --labels and --images.")
      }
      return data
    }
  }

  /// Where the label file and the images are.
  ///
  /// - Parameter known: where they are, and how they are read, where no option says so.
  func location(known: DataLocation? = nil) throws -> DataLocation {
    let place = data == nil ? known : nil
    return try DataLocation(
      data: known == nil ? folder : data, labels: labels ?? place?.labels, images: images ?? place?.images,
      suffix: suffix ?? known?.suffix, labelDelim: (labelDelim == "\\t" ? "\t" : labelDelim) ?? known?.labelDelim,
      isStrict: strict || known?.isStrict == true)
  }

  /// Reads the labels and finds the images.
  ///
  /// - Parameters:
  ///   - recipe: whose split it is, where options do not say otherwise.
  ///   - place: where the data are, where options do not say otherwise.
  func dataset(recipe: Configuration, place: DataLocation? = nil) throws -> Dataset {
    let c = splitting(recipe)
    return try Dataset(location(known: place), validPct: c.validPct, splitSeed: c.splitSeed)
  }

  /// The same for a trained model of these labels, all of it in one part.
  func dataset(labels: [String]) throws -> Dataset { try Dataset(location(), validPct: 0, labels: labels) }

  /// The recipe, with the split that options ask for.
  func splitting(_ recipe: Configuration) -> Configuration {
    var c = recipe
    settings.apply(to: &c)
    return c
  }
}
