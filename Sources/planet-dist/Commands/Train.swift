import ArgumentParser
import Collectives
import Compute
import Files
import Foundation
import PlanetData
import Recipes
import Report
import Runs
import Scores
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train the recipe's stages, averaging gradients over every rank mpirun started.",
    discussion: """
      The stages are \(Recipe.planet.stages.map(\.name).joined(separator: ", ")), or those of --recipe. Each is saved to RUN/models/NAME.safetensors. \
      State is saved every ten minutes, at every epoch's end, and on SIGUSR1, SIGTERM, SIGHUP and SIGINT; --resume \
      continues from there. \
      Start mpirun by `planet-dist supervise`, lest it kill the ranks before they have saved.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Recipe") var recipe: RecipeOptions
  @OptionGroup(title: "Saving") var saving: SavingOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Option(
    name: .customLong("run"),
    help:
      "Folder for checkpoints, state and history. Default: runs/planet, or if that is finished or in use runs/planet-2 and so on; with --resume or --from, the newest of these that fits."
  )
  var runFolder: String?

  @Option(
    help:
      "ImageNet weights to start from: a .pth or .safetensors file with torchvision's names, or 'none' for random ones. Default: torchvision's cache."
  )
  var pretrained: String?

  @Option(help: "Start from a saved stage: its name in --run, or a file. Without --stages, the stages after it follow.")
  var from: String?

  @Option(
    defaultAsFlag: Resuming.must,
    help: ArgumentHelp(
      "Continue the interrupted run in --run. Data and recipe are its own; no other option is needed. With 'auto', begin it if there is none, and end with 0 if all stages are saved, of this recipe: for jobs that are started again and again.",
      valueName: "auto"))
  var resume: Resuming?

  @Flag(help: "Train stages again that are saved in --run, and replace them.")
  var overwrite = false

  @Flag(help: "Print the recipe as files and options make it, a file for --recipe itself, and train nothing.")
  var printConfig = false

  func validate() throws {
    if from != nil && pretrained != nil { throw ValidationError("--from and --pretrained exclude each other.") }
    if resume == .auto && overwrite { throw ValidationError("--resume auto and --overwrite exclude each other.") }
    if let copy = saving.saveCopy, copy == runFolder {
      throw ValidationError("--save-copy and --run are the same folder.")
    }
    if resume == .must { return }
    if !printConfig { _ = try data.folder }
    if recipe.recipe == nil { _ = try recipe.configuration(Recipe.planet, after: from.map(stageName)) }
  }

  mutating func run() throws {
    let end = saving.maxTime.map { ContinuousClock.now + $0.duration }
    let outcome = Job.run(compute) { communicator in
      let run: OpenRun? = try printConfig ? nil : communicator.onRoot { try open() }
      defer { withExtendedLifetime(run) {} }  // holds the folder to the end
      let resumes = try communicator.fromRoot { resume == .must || resume == .auto && run?.content == .interrupted }
      let before = try resumes ? communicator.fromRoot { try run?.interrupted() } : nil
      let known = recipe.recipe == nil ? before?.recipe : nil
      let base = try communicator.fromRoot { try known ?? .recipe(recipe.recipe) }
      var configuration = try communicator.agree {
        try recipe.configuration(data.splitting(base), after: known == nil ? from.map(stageName) : nil)
      }
      configuration.precision = compute.precision ?? base.precision
      if printConfig {
        if communicator.rank == 0 { Console.write(RecipeFile.text(configuration)) }
        return Trainer.Outcome.finished
      }
      let folder = RunFolder(try communicator.fromRoot { run?.folder.path ?? "" })
      if try resume == .auto && !resumes && communicator.fromRoot({ try run?.holds(configuration) ?? false }) {
        if communicator.rank == 0 { Console.print("\(folder.path): every stage is trained and saved") }
        return .finished
      }
      try communicator.onRoot {
        if !resumes { try run?.admit(configuration.stages.map(\.name), overwrite: overwrite) }
      }
      let worker = try compute.worker(communicator, precision: configuration.precision)
      let dataset = try communicator.agree { try data.dataset(recipe: configuration, place: before?.data) }
      let weights =
        try communicator.onRoot { try resumes ? .resume : start(in: folder, configuration, base) } ?? .random
      let banner = compute.banner(worker)
      if let banner {
        announce(banner, dataset, configuration, weights)
        if runFolder == nil { Console.print("run: \(folder.path)") }
      }
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: folder, worker: worker, machine: banner ?? "",
        saveEvery: saving.saveEvery ?? .standard,
        saveCopy: saving.saveCopy,
        onEvent: listener(folder, dataset, configuration),
        shouldStop: { StopSignals.isSet || end.map { ContinuousClock.now > $0 } ?? false })
      if banner != nil { Console.print("\(trainer.repeats)") }
      let outcome = try trainer.run(from: resumes ? .resume : weights)
      if outcome == .stopped, communicator.rank == 0 {
        let how = resume == .auto ? "again" : "with --resume"
        Console.print("stopped: everything is saved in \(folder.state); run the same command \(how) to continue")
      }
      return outcome
    }
    if outcome == .stopped { throw ExitCode(EX_TEMPFAIL) }
  }

  /// Who hears of the training: the terminal, TensorBoard's files, and after each stage the report.
  private func listener(
    _ folder: RunFolder, _ dataset: Dataset, _ configuration: Configuration
  ) -> (TrainingEvent) -> Void {
    let console = ConsoleReporter()
    let tensorBoard = TensorBoardReporter(folder, dataset: dataset, configuration: configuration)
    return { event in
      console.show(event)
      tensorBoard.record(event)
      if case .stageDone = event { writeReport(folder) }
    }
  }

  /// A report that cannot be made must not end the training.
  private func writeReport(_ folder: RunFolder) {
    do { Console.print("report: \(try RunReport.write(folder))") } catch {
      Console.complain("warning: no report: \(Advice.explain(error))")
    }
  }

  private func announce(_ banner: String, _ dataset: Dataset, _ configuration: Configuration, _ weights: Start) {
    let baseline = Baseline(dataset)
    Console.print(banner)
    Console.print(
      "\(dataset.images.count) images, \(dataset.labels.count) labels: \(dataset.train.count) to train on, "
        + "\(dataset.valid.count) to validate with")
    Console.print(
      "\(dataset.train.count / configuration.batchSize) steps an epoch of \(configuration.batchSize) images over all ranks, "
        + "\(configuration.arch), seed \(configuration.seed)")
    if !baseline.labels.isEmpty { Console.print("for comparison: \(baseline)") }
    Console.print("weights: \(weights)")
    for warning in dataset.warnings { Console.print("warning: \(warning)") }
  }

  /// Opens the run's folder; on rank 0 alone.
  private func open() throws -> OpenRun {
    switch resume {
    case .must: try .resume(named: runFolder)
    // Always the same folder: a job that is started again must find what it did before.
    case .auto: try OpenRun(runFolder ?? OpenRun.standard)
    case nil: try .begin(named: runFolder, from: from)
    }
  }

  /// Where the weights come from; looked up on rank 0 alone, whose files count.
  private func start(in folder: RunFolder, _ configuration: Configuration, _ recipe: Configuration) throws -> Start {
    if let from { return .model(try folder.find(from)) }
    let first = configuration.stages[0]
    if first.index > 0 {
      let before = recipe.stages.first { $0.index == first.index - 1 }?.name
      throw ValidationError(
        "\(first.name) continues from \(before ?? "another stage"). Add --from \(before ?? "FILE")"
          + (before == nil ? "." : ", or put it first in --stages."))
    }
    return try .fresh(pretrained, configuration.arch)
  }

  /// The stage a checkpoint is named after.
  private func stageName(_ checkpoint: String) -> String {
    FilePath.stem(of: checkpoint)
  }
}

/// What `--resume` asks for.
enum Resuming: ExpressibleByArgument {
  /// There must be an interrupted run.
  case must
  /// Begin, go on, or do nothing, as what is there demands.
  case auto

  static let allValueStrings = ["auto"]

  init?(argument: String) {
    guard argument == "auto" else { return nil }
    self = .auto
  }
}
