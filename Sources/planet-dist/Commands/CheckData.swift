import ArgumentParser
import Collectives
import Compute
import Foundation
import PlanetData
import Training

struct CheckData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-data",
    abstract: "Look for everything that is wrong with a dataset, before hours are spent on it.",
    discussion: """
      Opens every image and changes nothing. Then times training steps on this machine, to tell how long an epoch of each \
      stage would take. Exit code 65 if there is something training would stop at.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Flag(inversion: .prefixedNo, help: "Time training steps to estimate an epoch's time.")
  var estimate = true

  @Option(help: "Side of the images in pixels, for the estimate. Default: the stage's, 128 or 256.")
  var size: Int?

  @Option(help: "Images of a step, over all ranks together.")
  var batchSize = Recipe.batchSize

  @Flag(help: "Print one JSON object, with everything in full.")
  var json = false

  func validate() throws {
    _ = try data.folder
    try Limits.size.check("--size", size)
    try Limits.batchSize.check("--batch-size", batchSize)
  }

  mutating func run() throws {
    let sound = Job.run(compute) { communicator in
      let engine = try compute.engine(communicator)
      let banner = try compute.banner(communicator, engine)
      let report = try DataReport.make(
        data.location(), validPct: data.validPct ?? Recipe.validPct,
        splitSeed: data.splitSeed ?? Recipe.splitSeed, batchSize: batchSize,
        threads: engine.threads, communicator: communicator)
      if let banner, let report, !json {
        DataReportText.print(report, banner: banner)
        if estimate { Console.print("\ntiming a few steps of each stage (--no-estimate leaves this out)") }
      }
      let speeds =
        estimate
        ? try StageSpeed.measure(size: size, batchSize: batchSize, communicator: communicator, engine: engine) : []
      guard let report else { return true }
      if json {
        try Console.print(json: Everything(report, speeds, batchSize: batchSize))
      } else {
        DataReportText.print(speeds, for: report, batchSize: batchSize)
        DataReportText.printVerdict(report)
      }
      return !report.hasErrors
    }
    if !sound { throw ExitCode(EX_DATAERR) }
  }

  private struct Everything: Encodable {
    let sound: Bool
    let report: DataReport
    let stages: [Stage]

    init(_ report: DataReport, _ speeds: [StageSpeed], batchSize: Int) {
      sound = !report.hasErrors
      self.report = report
      stages = speeds.map {
        Stage(
          stage: $0.stage, size: $0.size, frozen: $0.frozen, trainingImagesPerSecond: $0.training,
          evaluationImagesPerSecond: $0.evaluation,
          epochSeconds: $0.epoch(train: report.train, valid: report.valid, batchSize: batchSize), problem: $0.problem)
      }
    }
  }

  private struct Stage: Encodable {
    let stage: String
    let size: Int
    let frozen: Bool
    let trainingImagesPerSecond: Double?
    let evaluationImagesPerSecond: Double?
    let epochSeconds: Double?
    let problem: String?
  }
}
