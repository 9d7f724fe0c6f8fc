import ArgumentParser
import Collectives
import PlanetData
import Training

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the tags of every image in a folder to a CSV file, in the order of their names.")

  @Option(help: "A saved stage: RUN/models/NAME.safetensors.")
  var checkpoint: String

  @Option(help: "Folder of .jpg images.")
  var images: String

  @Option(help: "The CSV file to write: image_name,tags.")
  var out: String

  @Flag(help: "Write a column with each label's probability instead of tags.")
  var probabilities = false

  @Option(help: "Images in memory at a time, on each rank.")
  var batchSize = 32

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if !(1...65536).contains(batchSize) { throw ValidationError("--batch-size must be 1 to 65536, not \(batchSize).") }
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let engine = try compute.engine(communicator)
      let samples = try communicator.agree { try ImageFolder.list(images) }
      let predictor = try Predictor(
        model: checkpoint, batchSize: batchSize, communicator: communicator, engine: engine,
        loaderThreads: compute.loaderThreads)
      try predictor.predict(samples, probabilities: probabilities, threshold: Recipe.threshold, to: out)
      if communicator.rank == 0 { Console.print("wrote \(samples.count) rows to \(out)") }
    }
  }
}
