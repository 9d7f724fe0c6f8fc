import ArgumentParser
import Collectives
import Compute
import Foundation
import PlanetData
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train the recipe's stages, averaging gradients over every rank mpirun started.",
    discussion: """
      The stages are \(Recipe.stages.map(\.name).joined(separator: ", ")). Each is saved to RUN/models/NAME.safetensors. \
      State is saved at every epoch's end, and on SIGUSR1, SIGTERM and SIGINT; --resume continues from there.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Recipe") var recipe: RecipeOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Option(name: .customLong("run"), help: "Folder for checkpoints, state and history.")
  var runFolder = "runs/planet"

  @Option(
    help:
      "ImageNet weights to start from: a .pth or .safetensors file with torchvision's names, or 'none' for random ones. Default: torchvision's cache."
  )
  var pretrained: String?

  @Option(help: "Start from a saved stage: its name in --run, or a file. Without --stages, the stages after it follow.")
  var from: String?

  @Flag(help: "Continue the interrupted run in --run. Give the options it was started with.")
  var resume = false

  func validate() throws {
    if from != nil && pretrained != nil { throw ValidationError("--from and --pretrained exclude each other.") }
    if recipe.stages == nil, let from, following(from).isEmpty {
      throw ValidationError("--from \(from) leaves no stage to train. Name some with --stages.")
    }
  }

  mutating func run() throws {
    StopSignals.listen()
    let outcome = Job.run(compute) { communicator in
      let engine = try compute.engine(communicator)
      let folder = RunFolder(runFolder)
      let dataset = try communicator.agree { try data.dataset() }
      var configuration = try recipe.configuration(following: from.map(following) ?? Recipe.stages.map(\.name))
      (configuration.validPct, configuration.splitSeed) = (data.validPct, data.splitSeed)
      configuration.precision = engine.precision
      let origin = try communicator.agree {
        communicator.rank == 0 ? try start(in: folder, configuration) : Start.random
      }
      if let banner = try compute.banner(communicator, engine) { announce(banner, dataset, configuration, origin) }
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: folder, communicator: communicator, engine: engine,
        loaderThreads: compute.loaderThreads, reporter: ConsoleReporter())
      let outcome = try trainer.run(from: resume ? .resume : origin)
      if outcome == .stopped, communicator.rank == 0 {
        Console.print("stopped: everything is saved in \(folder.state); run the same command with --resume to continue")
      }
      return outcome
    }
    if outcome == .stopped { throw ExitCode(EX_TEMPFAIL) }
  }

  private func announce(_ banner: String, _ dataset: Dataset, _ configuration: Configuration, _ origin: Start) {
    let baseline = Baseline(dataset)
    Console.print(banner)
    Console.print(
      "\(dataset.images.count) images, \(dataset.labels.count) labels: \(dataset.train.count) to train on, "
        + "\(dataset.valid.count) to validate with")
    Console.print(
      "\(dataset.train.count / configuration.batchSize) steps an epoch of \(configuration.batchSize) images over all ranks, "
        + "seed \(configuration.seed)")
    if !baseline.labels.isEmpty {
      Console.print(
        "for comparison: \(baseline.labels.joined(separator: " ")) for every image would give fbeta "
          + String(format: "%.6f", baseline.fbeta))
    }
    Console.print("weights: \(origin)")
    for warning in dataset.warnings { Console.print("warning: \(warning)") }
  }

  /// Where the weights come from; looked up on rank 0 alone, whose files count.
  private func start(in folder: RunFolder, _ configuration: Configuration) throws -> Start {
    if resume { return .resume }
    if let from { return .model(try folder.find(from)) }
    let first = configuration.stages[0].name
    if let index = Recipe.stages.firstIndex(where: { $0.name == first }), index > 0 {
      throw ValidationError(
        "\(first) continues from \(Recipe.stages[index - 1].name). Add --from \(Recipe.stages[index - 1].name), or put it first in --stages."
      )
    }
    switch pretrained {
    case "none": return .random
    case let path?: return .pretrained(path)
    case nil: return .pretrained(try PretrainedBody.find(environment: ProcessInfo.processInfo.environment))
    }
  }

  /// The stages that follow the one a checkpoint is named after.
  private func following(_ checkpoint: String) -> [String] {
    let name = URL(fileURLWithPath: checkpoint).deletingPathExtension().lastPathComponent
    guard let index = Recipe.stages.firstIndex(where: { $0.name == name }) else { return Recipe.stages.map(\.name) }
    return Recipe.stages[(index + 1)...].map(\.name)
  }
}
