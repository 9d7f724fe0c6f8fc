import ArgumentParser
import ResNet

/// What the benchmarks have in common.
struct BenchOptions: ParsableArguments {
  @Option(help: "Side of the images in pixels.")
  var size = 128

  @Option(help: "Images of a step, over all ranks together.")
  var batchSize = 64

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if !(ResNet50.smallestImage...4096).contains(size) {
      throw ValidationError("--size must be \(ResNet50.smallestImage) to 4096, not \(size).")
    }
    if !(2...65536).contains(batchSize) { throw ValidationError("--batch-size must be 2 to 65536, not \(batchSize).") }
  }
}
