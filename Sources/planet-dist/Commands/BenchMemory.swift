import ArgumentParser
import Collectives
import Diagnostics
import Foundation

struct BenchMemory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory",
    abstract: "Print the peak resident memory of a process that trains, and the memory of its host's ranks, in GB.")

  @OptionGroup var bench: BenchOptions

  @Flag(help: "Freeze the body, as a first stage does.")
  var frozen = false

  @Flag(help: "Evaluate instead.")
  var evaluation = false

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  private struct Output: Codable {
    /// The memory of the rank that needs the most, what it shares with others included.
    let peakResidentGigabytes: Double
    /// Of all ranks of the host where they need the most, what they share counted once.
    let hostGigabytes: Double
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let worker = try compute.worker(communicator)
      let banner = compute.banner(worker)
      var benchmark = StepBenchmark()
      (benchmark.size, benchmark.batchSize, benchmark.steps) = (bench.size, bench.batchSize, 1)
      (benchmark.arch, benchmark.frozen, benchmark.evaluation) = (bench.arch, frozen, evaluation)
      let step = try benchmark.run(worker: worker)
      let peak = try HostMemory.peakGigabytes(communicator)
      guard let banner else { return }
      let output = Output(peakResidentGigabytes: peak, hostGigabytes: step.hostGigabytes)
      if bench.json { return try Console.print(json: output) }
      Console.print(banner)
      Console.print(
        String(format: "%.2f GB", peak)
          + (communicator.size == 1 ? "" : String(format: " each, %.2f GB on a host", step.hostGigabytes)))
    }
  }
}
