import ArgumentParser
import Collectives
import Foundation
import PlanetData
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print loss, accuracy_thresh and fbeta of a saved stage on the validation images.")

  @Option(help: "A saved stage: RUN/models/NAME.safetensors.")
  var checkpoint: String

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Option(help: "Images in memory at a time, on each rank.")
  var batchSize = 32

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    _ = try data.folder
    if !(1...65536).contains(batchSize) { throw ValidationError("--batch-size must be 1 to 65536, not \(batchSize).") }
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let engine = try compute.engine(communicator)
      let predictor = try Predictor(
        model: checkpoint, batchSize: batchSize, communicator: communicator, engine: engine,
        loaderThreads: compute.loaderThreads)
      let dataset = try communicator.agree { try data.dataset(labels: predictor.labels) }
      let metrics = try predictor.metrics(dataset.valid, of: dataset)
      guard communicator.rank == 0 else { return }
      for warning in dataset.warnings { Console.complain("warning: \(warning)") }
      if json {
        try Console.print(
          json: Report(
            checkpoint: checkpoint, images: dataset.valid.count, size: predictor.size, loss: metrics.loss,
            accuracyThresh: metrics.accuracyThresh, fbeta: metrics.fbeta))
      } else {
        Console.print("\(dataset.valid.count) images at \(predictor.size)×\(predictor.size)")
        for (name, value) in [
          ("loss", metrics.loss), ("accuracy_thresh", metrics.accuracyThresh), ("fbeta", metrics.fbeta),
        ] {
          Console.print(name.padding(toLength: 17, withPad: " ", startingAt: 0) + String(format: "%.6f", value))
        }
      }
    }
  }

  private struct Report: Codable {
    let checkpoint: String
    let images: Int
    let size: Int
    let loss: Double
    let accuracyThresh: Double
    let fbeta: Double
  }
}
