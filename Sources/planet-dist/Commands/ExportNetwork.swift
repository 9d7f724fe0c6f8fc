import ArgumentParser
import Export
import Files
import Foundation
import Recipes
import Runs

struct ExportNetwork: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a saved stage for other programs, with its labels and threshold.",
    discussion: """
      onnx: an ONNX model. Input: images, float32 [batch, 3, height, width], red, green and blue in 0...1, of any size; \
      they are normalized inside. Output: probabilities [batch, labels].

      torchvision: safetensors with torchvision's names, and those of fastai's head behind 'head.'.

      Both hold arch (torchvision's name of the network), labels, threshold, size, mean and std as metadata, and as data the images trained on and held out, their \
      place, split and precision.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case onnx, torchvision }

  @Option(help: "A saved stage: RUN/models/NAME.safetensors.")
  var checkpoint: String

  @Option(help: "The format.")
  var format: Format

  @Option(help: "The file to write.")
  var out: String

  @Option(help: "The probability above which readers should give a tag.")
  var threshold = Recipe.threshold

  func validate() throws {
    try ThresholdOptions.check(threshold)
    let file = { (path: String) in URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    if file(out) == file(checkpoint) { throw ValidationError("--out is the checkpoint itself. Name another file.") }
  }

  mutating func run() throws {
    try Job.alone {
      try AtomicFile.reserve(out)
      let export = try NetworkExport(
        ModelFile(path: checkpoint), threshold: threshold, version: version)
      switch format {
      case .onnx: try export.writeONNX(to: out)
      case .torchvision: try export.writeTorchvision(to: out)
      }
      Console.print("wrote \(out)")
    }
  }
}
