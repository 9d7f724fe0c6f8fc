import ArgumentParser
import Charts
import Checkpoints
import Collectives
import Compute
import Foundation
import PlanetData
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
      value == .frozen ? "Only the head and batch normalization train." : "Everything trains."
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

  @Flag var body = Body.frozen

  @Option(help: "Side of the images in pixels.")
  var size = Recipe.planet.stages[0].size

  @Option(help: "Images of a step, over all ranks together.")
  var batchSize = Recipe.batchSize

  @Option(help: "Weight decay.")
  var wd = Recipe.weightDecay

  @Option(help: "Seed of weights, order, augmentation and dropout.")
  var seed: UInt32 = 1

  @Option(help: "The first learning rate.")
  var startLr = LRFinder().startLR

  @Option(help: "The last.")
  var endLr = LRFinder().endLR

  @Option(help: "Steps.")
  var numIt = LRFinder().numIt

  @Option(help: "Folder for lr-find.csv and lr-find.svg.")
  var out = "runs/lr-find"

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if from != nil && pretrained != nil { throw ValidationError("--from and --pretrained exclude each other.") }
    _ = try data.folder
    try Limits.size.check("--size", size)
    try Limits.batchSize.check("--batch-size", batchSize)
    try Limits.fraction.check("--wd", wd)
    if !(startLr > 0 && startLr < endLr && endLr <= 1e6) {
      throw ValidationError(
        "--start-lr must be positive and below --end-lr, and that at most 1e6; not \(startLr) and \(endLr).")
    }
    if !(2...100_000).contains(numIt) { throw ValidationError("--num-it must be 2 to 100000, not \(numIt).") }
  }

  private var finder: LRFinder {
    var finder = LRFinder()
    (finder.startLR, finder.endLR, finder.numIt) = (startLr, endLr, numIt)
    return finder
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let engine = try compute.engine(communicator)
      let dataset = try communicator.agree { try data.dataset() }
      let stage = Configuration.Stage(
        name: "lr-find", index: Recipe.planet.stages.count, size: size, frozen: body == .frozen,
        learningRates: [endLr, endLr, endLr], epochs: 1)
      var configuration = Configuration(stages: [stage])
      (configuration.batchSize, configuration.wd, configuration.seed) = (batchSize, wd, seed)
      configuration.precision = engine.precision
      let start = try communicator.agree {
        guard communicator.rank == 0 else { return Start.random }
        try AtomicFile.prepareFolder(of: out + "/lr-find.csv")
        return try from.map { .model($0) } ?? .fresh(pretrained)
      }
      if let banner = try compute.banner(communicator, engine) {
        Console.print(banner)
        Console.print(
          "\(numIt) steps of \(batchSize) images at \(size)×\(size), \(body == .frozen ? "frozen body" : "unfrozen"), "
            + String(format: "learning rate %.0e to %.0e", startLr, endLr))
        Console.print("weights: \(start)")
      }
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: RunFolder(out), communicator: communicator, engine: engine,
        loaderThreads: compute.loaderThreads)
      let console = ConsoleReporter()
      let curve = try trainer.findLearningRate(finder, from: start) { point in
        console.showProgress(epoch: 0, step: point.iteration + 1, steps: numIt, loss: point.smoothLoss)
      }
      console.clear()
      try communicator.agree { if communicator.rank == 0 { try show(curve) } }
    }
  }

  private func show(_ curve: LRCurve) throws {
    Console.print("")
    Console.print(curve.chart.text())
    let unknown = "no suggestion: \(curve.points.count) steps are too few. Lower --start-lr, or raise --num-it."
    for line in curve.suggestions?.lines ?? [unknown] { Console.print(line) }
    for (name, text) in [("csv", curve.csv), ("svg", curve.chart.svg())] {
      let path = "\(out)/lr-find.\(name)"
      try AtomicFile.write(text, to: path)
      Console.print("wrote \(path)")
    }
  }
}
