import ArgumentParser
import Collectives
import Compute
import Files
import Foundation
import Inference
import PlanetData
import Recipes
import Scores

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score saved stages on the validation images: loss, metrics, every label, thresholds, calibration.",
    discussion: """
      The validation images are those that the checkpoint's run held out; of several checkpoints, those that all of their \
      runs held out. --all scores every image, for a test set of your own; --valid-pct and --split-seed split anew.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Tags") var thresholds: ThresholdOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Flag(help: "Score every image of the data: a test set of your own.")
  var all = false

  @Option(help: "Write the best thresholds found on all validation images to this file, for predict --thresholds.")
  var saveThresholds: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    _ = try data.folder
    if all, choice != .all {
      throw ValidationError("--all scores every image. Leave out --valid-pct and --split-seed.")
    }
  }

  private var choice: JudgedImages.Choice {
    if data.validPct != nil || data.splitSeed != nil { return .split(validPct: data.validPct, seed: data.splitSeed) }
    return all ? .all : .heldOut
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let predictor = try model.predictor(communicator, compute)
      let given = try communicator.onRoot {
        if let saveThresholds { try AtomicFile.reserve(saveThresholds) }
        return try thresholds.load(labels: predictor.labels)
      }
      let dataset = try communicator.agree { try data.dataset(labels: predictor.labels) }
      let images = try communicator.fromRoot {
        try JudgedImages(choice, among: dataset.names, networks: predictor.networks.origins)
      }
      let predictions = try predictor.predictions(images.indices, of: dataset)
      try communicator.onRoot {
        let given = given ?? Thresholds(labels: predictor.labels)
        for warning in dataset.warnings + images.warnings { Console.complain("warning: \(warning)") }
        if let path = thresholds.thresholds,
          let warning = images.warning(about: given, from: path, among: dataset.names)
        {
          Console.complain("warning: \(warning)")
        }
        let report = EvaluationReport(
          predictions, thresholds: given, checkpoints: model.checkpoint, predictor, tta: model.tta)
        if json { try Console.print(json: report) } else { for line in report.lines { Console.print(line) } }
        let origin = predictor.networks.origins.first.map {
          DataOrigin(
            chosenOn: images.indices, of: dataset, network: $0.origin, precision: predictor.precision)
        }
        try save(report.thresholdSearch, origin)
      }
    }
  }

  private func save(_ search: ThresholdComparison?, _ origin: DataOrigin?) throws {
    guard let saveThresholds else { return }
    guard let search else { throw ValidationError("--save-thresholds needs two validation images or more.") }
    var chosen = search.chosen
    chosen.origin = origin
    try chosen.write(to: saveThresholds)
    if json { return }
    Console.print("")
    Console.print("wrote \(search.describeChosen) to \(saveThresholds)")
  }
}
