import ArgumentParser
import Diagnostics
import Foundation
import Recipes

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time full training steps on made-up images: forward, backward, averaging, optimizer.")

  @OptionGroup var bench: BenchOptions

  @Option(help: "Steps to time.")
  var steps = 5

  @Option(help: Knobs.virtualRanks.help())
  var virtualRanks = Recipe.virtualRanks

  @Flag(help: "Freeze the body, as a first stage does.")
  var frozen = false

  @Flag(help: "Time evaluation instead.")
  var evaluation = false

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if !(1...10_000).contains(steps) { throw ValidationError("--steps must be 1 to 10000, not \(steps).") }
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let worker = try compute.worker(communicator)
      let banner = try compute.banner(worker)
      var benchmark = StepBenchmark()
      (benchmark.size, benchmark.batchSize, benchmark.steps) = (bench.size, bench.batchSize, steps)
      (benchmark.arch, benchmark.frozen, benchmark.evaluation) = (bench.arch, frozen, evaluation)
      benchmark.virtualRanks = virtualRanks
      let result = try benchmark.run(worker: worker)
      guard let banner else { return }
      if bench.json { return try Console.print(json: result) }
      Console.print(banner)
      Console.print(
        String(
          format: "%.1f images/s (median of %d), %.0f GFLOP/s, %.0f %% of the peak", result.imagesPerSecond, steps,
          result.gflops, 100 * result.fractionOfPeak))
      for (phase, time) in result.milliseconds.sorted(by: { $0.value > $1.value }) {
        Console.print(
          "  " + phase.padding(toLength: 10, withPad: " ", startingAt: 0) + String(format: "%8.1f ms", time))
      }
    }
  }
}
