import ArgumentParser
import Collectives
import Compute
import Diagnostics
import Foundation
import Inference
import PlanetData
import Recipes
import ResNet

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

  @Option(help: "The recipe instead of the planet recipe: a YAML file, as launch/recipes has some.")
  var recipe: String?

  @Option(help: Knobs.arch.help("the recipe's, \(Recipe.arch)")) var arch: Architecture?

  @Option(help: "Side of the images in pixels, for the estimate. Default: the stage's.")
  var size: Int?

  @Option(help: Knobs.batchSize.help("the recipe's, \(Recipe.batchSize)")) var batchSize: Int?

  @Flag(help: "Print one JSON object, with everything in full.")
  var json = false

  private var settings: [Setting<Configuration>] {
    [Knobs.arch.setting(arch), Knobs.batchSize.setting(batchSize), Knobs.precision.setting(compute.precision)]
  }

  func validate() throws {
    _ = try data.folder
    try Knobs.size.setting(size).check()
    try settings.check()
  }

  mutating func run() throws {
    let sound = Job.run(compute) { communicator in
      let recipe = try communicator.fromRoot { try self.configuration() }
      let worker = try compute.worker(communicator, precision: recipe.precision)
      let banner = compute.banner(worker)
      let report = try DataReport.make(
        data.location(), for: recipe, threads: worker.engine.threads, communicator: communicator,
        advice: Advice.about)
      if let banner, let report, !json {
        DataReportText.print(report, banner: banner)
        if estimate { Console.print(text: "\ntiming a few steps of each stage (--no-estimate leaves this out)") }
      }
      let speeds = try StageSpeed.measure(recipe, timed: estimate, worker: worker)
      guard let report else { return true }
      let sound = !report.hasErrors && speeds.allSatisfy { $0.problem == nil }
      if json {
        try Console.print(json: Everything(sound, report, speeds, batchSize: recipe.batchSize))
      } else {
        DataReportText.print(speeds, for: report, batchSize: recipe.batchSize)
        DataReportText.printVerdict(report, speeds)
      }
      return sound
    }
    if !sound { throw ExitCode(EX_DATAERR) }
  }

  private func configuration() throws -> Configuration {
    var c = try data.splitting(.recipe(recipe))
    settings.apply(to: &c)
    for i in c.stages.indices { Knobs.size.setting(size).apply(&c.stages[i]) }
    return c
  }

  private struct Everything: Encodable {
    let sound: Bool
    let report: DataReport
    let stages: [StageOutput]

    init(_ sound: Bool, _ report: DataReport, _ speeds: [StageSpeed], batchSize: Int) {
      (self.sound, self.report) = (sound, report)
      stages = speeds.map {
        StageOutput(
          stage: $0.stage.name, size: $0.stage.size, frozen: $0.stage.frozen, trainingImagesPerSecond: $0.training,
          evaluationImagesPerSecond: $0.evaluation,
          epochSeconds: $0.epochSeconds(train: report.train, valid: report.valid, batchSize: batchSize),
          problem: $0.problem)
      }
    }
  }

  private struct StageOutput: Encodable {
    let stage: String
    let size: Int
    let frozen: Bool
    let trainingImagesPerSecond: Double?
    let evaluationImagesPerSecond: Double?
    let epochSeconds: Double?
    let problem: String?
  }
}
