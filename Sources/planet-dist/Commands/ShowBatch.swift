import ArgumentParser
import Charts
import Checkpoints
import Foundation
import PlanetData
import Training

struct ShowBatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show-batch",
    abstract: "Draw chips as the network sees them, after augmentation, with their labels.",
    discussion: """
      They are the first ones that training sees in an epoch of a stage, given the same data, seed and size: what changes \
      with --epoch is what augmentation and order change.
      """)

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "The picture to write: .svg with labels; .png or .jpg, the bare grid of pixels without them.")
  var out: String

  @Option(help: "Rows, and columns.")
  var rows = 3

  @Option(help: "The stage whose chips these are.")
  var stage = Recipe.planet.stages[0].name

  @Option(help: "The epoch of the stage, counted from 0.")
  var epoch = 0

  @Option(help: "Side of the images in pixels. Default: the stage's, 128 or 256.")
  var size: Int?

  @Option(help: "Seed of order and augmentation.")
  var seed: UInt32 = 1

  @Flag(help: "Show validation images, which are not changed.")
  var valid = false

  @Flag(inversion: .prefixedNo, help: "Change training images at random.")
  var augment = true

  @Flag(inversion: .prefixedNo, help: "Draw a new order for every epoch.")
  var shuffle = true

  private enum Format: String {
    case svg, png, jpg, jpeg
  }

  private var format: Format? { Format(rawValue: URL(fileURLWithPath: out).pathExtension.lowercased()) }

  func validate() throws {
    _ = try data.folder
    guard format != nil else { throw ValidationError("--out must end in .svg, .png or .jpg: \(out) does not.") }
    if !(1...32).contains(rows) { throw ValidationError("--rows must be 1 to 32, not \(rows).") }
    try Limits.epochs.check("--epoch", epoch)
    try Limits.size.check("--size", size)
    if !Recipe.planet.stages.contains(where: { $0.name == stage }) {
      throw ValidationError(
        "--stage: no stage \(stage). There are \(Recipe.planet.stages.map(\.name).joined(separator: ", ")).")
    }
  }

  mutating func run() throws {
    try Job.alone {
      let dataset = try data.dataset()
      let chips = try firstChips(of: dataset)
      try AtomicFile.write(try encoded(chips), to: out)
      Console.print("wrote \(chips.count) chips of \(chips[0].image.width)×\(chips[0].image.height) to \(out)")
    }
  }

  private func firstChips(of dataset: Dataset) throws -> [Chip] {
    var trained = Recipe.planet.stages.first { $0.name == stage } ?? Recipe.planet.stages[0]
    trained.size = size ?? trained.size
    var configuration = Configuration(stages: [trained])
    (configuration.seed, configuration.augment, configuration.shuffle) = (seed, augment && !valid, shuffle && !valid)
    configuration.batchSize = rows * rows
    let plan = configuration.plan(trained, epoch: epoch, images: valid ? dataset.valid : dataset.train)
    let chips = try plan.chips(rows * rows, of: dataset, size: trained.size, batchSize: rows * rows)
    if chips.isEmpty { throw TrainingError.nothingToEvaluate }
    return chips
  }

  private func encoded(_ chips: [Chip]) throws -> [UInt8] {
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
