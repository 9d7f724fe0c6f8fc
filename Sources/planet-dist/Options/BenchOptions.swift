import ArgumentParser
import Recipes
import ResNet

/// What the benchmarks have in common.
struct BenchOptions: ParsableArguments {
  @Option(help: "The network.")
  var arch = Recipe.arch

  @Option(help: "Side of the images in pixels.")
  var size = 128

  @Option(help: "Images of a step, over all ranks together.")
  var batchSize = 64

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    try Knobs.size.setting(size).check()
    try Knobs.batchSize.setting(batchSize).check()
  }
}
