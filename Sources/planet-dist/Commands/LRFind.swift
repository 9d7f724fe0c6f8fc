import ArgumentParser
import Charts
import Collectives
import Compute
import Files
import Foundation
import PlanetData
import Recipes
import Report
import ResNet
import Runs
import Training

struct LRFind: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lr-find",
    abstract: "Find a learning rate: train with one that grows exponentially until the loss runs away.",
    discussion: """
      fastai's lr_find: prints its two suggestions, draws the curve, and writes lr-find.csv and lr-find.svg. Nothing is \
      trained: weights are not saved.
      """)

  enum Body: String, EnumerableFlag {
    case frozen, unfrozen

    static func help(for value: Body) -> ArgumentHelp? {
      value == .frozen
        ? "Only the head and batch normalization train. Default: as in the stage." : "Everything trains."
    }
  }

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(
    help:
      "ImageNet weights to start from: a .pth or .safetensors file with torchvision's names, or 'none' for random ones. Default: torchvision's cache."
  )
  var pretrained: String?

  @Option(help: "Start from a saved stage: RUN/models/NAME.safetensors.")
  var from: String?

  @OptionGroup(title: "Stage") var stage: StageOptions

  @Flag var body: Body?

  @Option(help: Knobs.arch.help("the recipe's, \(Recipe.arch)")) var arch: Architecture?
  @Option(help: Knobs.wd.help("the recipe's, \(Recipe.wd)")) var wd: Double?

  @Option(help: "The first learning rate.")
  var startLr = LRFinder().startLR

  @Option(help: "The last.")
  var endLr = LRFinder().endLR

  @Option(help: "Steps.")
  var numIt = LRFinder().numIt

  @Option(help: "Folder for lr-find.csv and lr-find.svg. Default: runs/lr-find/STAGE.")
  var out: String?

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if from != nil && pretrained != nil { throw ValidationError("--from and --pretrained exclude each other.") }
    _ = try data.folder
    try settings.check()
    try Limits.learningRate.check("--start-lr", startLr)
    try Limits.learningRate.check("--end-lr", endLr)
    if startLr >= endLr { throw ValidationError("--start-lr \(startLr) must be below --end-lr \(endLr).") }
    if !(2...100_000).contains(numIt) { throw ValidationError("--num-it must be 2 to 100000, not \(numIt).") }
  }

  private var settings: [Setting<Configuration>] {
    [Knobs.arch.setting(arch), Knobs.wd.setting(wd), Knobs.precision.setting(compute.precision)]
  }

  private var finder: LRFinder {
    var finder = LRFinder()
    (finder.startLR, finder.endLR, finder.numIt) = (startLr, endLr, numIt)
    return finder
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let configuration = try communicator.fromRoot { try self.configuration() }
      let stage = configuration.stages[0]
      let folder = out ?? "runs/lr-find/\(stage.name)"
      let lock = try communicator.onRoot { try FolderLock(folder) }  // two at once would mix their files
      defer { withExtendedLifetime(lock) {} }
      let worker = try compute.worker(communicator, precision: configuration.precision)
      let dataset = try communicator.agree { try data.dataset(recipe: configuration) }
      let start =
        try communicator.onRoot { () -> Start in
          try AtomicFile.reserve(folder + "/lr-find.csv")
          return try from.map { .model($0) } ?? .fresh(pretrained, configuration.arch)
        } ?? .random
      if let banner = compute.banner(worker) {
        Console.print(banner)
        Console.print(
          "\(numIt) steps of \(configuration.batchSize) images at \(stage), "
            + String(format: "learning rate %.0e to %.0e", startLr, endLr))
        Console.print("weights: \(start)")
      }
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: RunFolder(folder), worker: worker)
      let console = ConsoleReporter()
      let curve = try trainer.findLearningRate(finder, from: start) { point in
        console.showProgress(epoch: 0, step: point.iteration + 1, steps: numIt, loss: point.smoothLoss)
      }
      console.clear()
      try communicator.onRoot { try show(curve, in: folder) }
    }
  }

  /// The stage's recipe without what only whole epochs need: averaging, keeping the best, stopping early.
  private func configuration() throws -> Configuration {
    var c = try stage.configuration()
    settings.apply(to: &c)
    (c.ema, c.keepBest, c.earlyStopping) = (0, false, nil)
    if let body { c.stages[0].frozen = body == .frozen }
    return c
  }

  private func show(_ curve: LRCurve, in folder: String) throws {
    Console.print("")
    Console.print(text: curve.chart.text())
    let unknown = "no suggestion: \(curve.points.count) steps are too few. Lower --start-lr, or raise --num-it."
    for line in curve.suggestions?.lines ?? [unknown] { Console.print(line) }
    for (name, text) in [("csv", curve.csv), ("svg", curve.chart.svg())] {
      let path = "\(folder)/lr-find.\(name)"
      try AtomicFile.write(text, to: path)
      Console.print("wrote \(path)")
    }
  }
}
