import ArgumentParser
import Checkpoints
import Collectives
import Files
import Foundation
import PlanetData
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score saved stages on the validation images: loss, metrics, every label, thresholds, calibration.")

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Tags") var thresholds: ThresholdOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Option(help: "Write the best thresholds found on all validation images to this file, for predict --thresholds.")
  var saveThresholds: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws { _ = try data.folder }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let engine = try compute.engine(communicator)
      let predictor = try model.predictor(communicator, engine, compute)
      let given = try communicator.onRoot {
        if let saveThresholds { try AtomicFile.reserve(saveThresholds) }
        return try thresholds.load(labels: predictor.labels)
      }
      let dataset = try communicator.agree { try data.dataset(labels: predictor.labels) }
      let predictions = try predictor.predictions(dataset.valid, of: dataset)
      try communicator.onRoot {
        for warning in dataset.warnings { Console.complain("warning: \(warning)") }
        let report = EvaluationReport(
          predictions, thresholds: given ?? Thresholds(labels: predictor.labels), checkpoints: model.checkpoint,
          sizes: predictor.sizes, tta: model.tta)
        if json { try Console.print(json: report) } else { report.lines.forEach(Console.print) }
        try save(report.thresholdSearch)
      }
    }
  }

  private func save(_ search: ThresholdComparison?) throws {
    guard let saveThresholds else { return }
    guard let search else { throw ValidationError("--save-thresholds needs two validation images or more.") }
    try search.chosen.write(to: saveThresholds)
    if !json { Console.print("\nwrote \(search.describeChosen) to \(saveThresholds)") }
  }
}
