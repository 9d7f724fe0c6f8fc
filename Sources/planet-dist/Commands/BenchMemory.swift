import ArgumentParser
import Collectives
import Diagnostics
import Files
import Foundation

struct BenchMemory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Print the peak resident memory of a process that trains, in GB.")

  @OptionGroup var bench: BenchOptions

  @Flag(help: "Freeze the body, as a first stage does.")
  var frozen = false

  @Flag(help: "Evaluate instead.")
  var evaluation = false

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  private struct Output: Codable {
    /// The memory of the rank that needs the most.
    let peakResidentGigabytes: Double
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let worker = try compute.worker(communicator)
      let banner = try compute.banner(worker)
      var benchmark = StepBenchmark()
      (benchmark.size, benchmark.batchSize, benchmark.steps) = (bench.size, bench.batchSize, 1)
      (benchmark.arch, benchmark.frozen, benchmark.evaluation) = (bench.arch, frozen, evaluation)
      _ = try benchmark.run(worker: worker)
      let largest = try communicator.allGather(UInt64(Self.peakResidentKilobytes)).max() ?? 0
      guard let banner else { return }
      let output = Output(peakResidentGigabytes: Double(largest) * 1024 / 1e9)
      if bench.json { return try Console.print(json: output) }
      Console.print(banner)
      Console.print(String(format: "%.2f GB", output.peakResidentGigabytes))
    }
  }

  // "VmHWM:   123456 kB": the kernel's high-water mark of this process.
  private static var peakResidentKilobytes: Int {
    let line = ProcFile.lines("/proc/self/status").first { $0.begins(with: "VmHWM:") } ?? ""
    return line.parts(by: " ").compactMap { Int($0) }.first ?? 0
  }
}
