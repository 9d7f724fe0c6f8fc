import ArgumentParser
import Charts
import Files
import Foundation
import Inference
import PlanetData
import Recipes

struct ShowBatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show-batch",
    abstract: "Draw chips as the network sees them, after augmentation, with their labels.",
    discussion: """
      They are the first ones that training sees in an epoch of a stage, given the same data, recipe, seed and size: what \
      changes with --epoch is what augmentation and order change.
      """)

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "The picture to write: .svg with labels; .png or .jpg, the bare grid of pixels without them.")
  var out: String

  @Option(help: "Rows, and columns.")
  var rows = 3

  @OptionGroup(title: "Stage") var stage: StageOptions

  @Option(help: "The epoch of the stage, counted from 0.")
  var epoch = 0

  @Flag(help: "Show validation images, which are not changed.")
  var valid = false

  @Flag(inversion: .prefixedNo, help: "Change training images at random. Default: as the recipe does.")
  var augment: Bool?

  @Flag(inversion: .prefixedNo, help: "Draw a new order for every epoch. Default: as the recipe does.")
  var shuffle: Bool?

  private enum Format: String {
    case svg, png, jpg, jpeg
  }

  private var format: Format? { Format(rawValue: FilePath.suffix(of: out)) }

  func validate() throws {
    _ = try data.folder
    guard format != nil else { throw ValidationError("--out must end in .svg, .png or .jpg: \(out) does not.") }
    if !(1...32).contains(rows) { throw ValidationError("--rows must be 1 to 32, not \(rows).") }
    try Limits.epochs.check("--epoch", epoch)
  }

  mutating func run() throws {
    try Job.alone {
      let configuration = try stage.configuration()
      let side = rows * configuration.stages[0].size
      if side > Self.largestSide {
        throw ValidationError(
          "The grid would be \(side) pixels wide, more than \(Self.largestSide). Lower --rows or --size.")
      }
      try AtomicFile.reserve(out)
      let chips = try firstChips(of: data.dataset(recipe: configuration), configuration)
      try AtomicFile.write(try encoded(chips, configuration.stages[0].name), to: out)
      Console.print("wrote \(chips.count) chips of \(chips[0].image.width)×\(chips[0].image.height) to \(out)")
    }
  }

  /// Larger grids would need gigabytes, and JPEG files cannot be that large.
  private static let largestSide = 8192

  private func firstChips(of dataset: Dataset, _ recipe: Configuration) throws -> [Chip] {
    var c = recipe
    (c.augment, c.shuffle) = (augment ?? c.augment, shuffle ?? c.shuffle)
    if valid { (c.augment, c.shuffle, c.mixup) = (false, false, 0) }
    let plan = c.plan(c.stages[0], epoch: epoch, images: valid ? dataset.valid : dataset.train)
    let chips = try plan.chips(rows * rows, of: dataset, size: c.stages[0].size, batchSize: c.batchSize)
    if chips.isEmpty { throw InferenceError.nothingToEvaluate }
    return chips
  }

  private func encoded(_ chips: [Chip], _ stage: String) throws -> [UInt8] {
    let grid = { Image.grid(chips.map(\.image), columns: rows) }
    switch format {
    case .png: return try whole(PNG.encode(grid()))
    case .jpg, .jpeg: return try whole(JPEG.encode(grid(), quality: 95))
    case .svg, nil:
      let pictures = try chips.map {
        PictureGrid.Picture(jpeg: try whole(JPEG.encode($0.image, quality: 95)), caption: $0.labels)
      }
      let title = valid ? "Validation chips" : "\(stage), epoch \(epoch)"
      return Array(PictureGrid(title: title, columns: rows, pictures: pictures).svg().utf8)
    }
  }

  private func whole(_ bytes: [UInt8]?) throws(DatasetError) -> [UInt8] {
    guard let bytes else { throw .unwritable(path: out, reason: "no memory") }
    return bytes
  }
}
