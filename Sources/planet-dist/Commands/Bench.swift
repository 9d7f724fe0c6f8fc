import ArgumentParser

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed and memory on this machine.",
    subcommands: [BenchStep.self, BenchKernels.self, BenchMemory.self, BenchAllReduce.self])
}
