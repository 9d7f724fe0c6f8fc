import ArgumentParser
import Collectives
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
      let banner = compute.banner(worker)
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
      if result.phases.isEmpty { return }
      let isAlone = communicator.size == 1
      Console.print(Self.line(["ms of a step", "working"] + (isAlone ? [] : ["waiting", "slowest rank"])))
      for phase in result.phases.sorted(by: { $0.working > $1.working }) {
        let others = isAlone ? [] : [String(format: "%.1f", phase.waiting), String(phase.slowestRank)]
        Console.print(Self.line([phase.name, String(format: "%.1f", phase.working)] + others))
      }
      Console.print(String(format: "%.2f GB of a host's memory", result.hostGigabytes))
    }
  }

  private static func line(_ cells: [String]) -> String {
    TextTable.line(cells, Array([.left(12), .right(9), .right(9), .right(13)].prefix(cells.count)), gap: 2)
  }
}
