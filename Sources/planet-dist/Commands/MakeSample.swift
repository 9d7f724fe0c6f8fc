import ArgumentParser
import PlanetData

struct MakeSample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Draw a synthetic dataset to try the program with: chips with the 17 labels, but no satellite saw them.")

  @Option(help: "Folder to write: new, or empty.")
  var out: String

  @Option(help: "Number of labelled chips.")
  var count = 400

  @Option(help: "Another seed draws other chips.")
  var seed: UInt64 = 42

  func validate() throws {
    if !(1...1_000_000).contains(count) { throw ValidationError("--count must be 1 to 1000000, not \(count).") }
  }

  mutating func run() throws {
    try Job.alone {
      try SyntheticSample.write(to: out, count: count, seed: seed)
      Console.print("drew \(count) synthetic chips in \(out)")
    }
  }
}
