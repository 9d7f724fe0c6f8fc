import ArgumentParser
import Collectives
import Compute
import Diagnostics
import Foundation
import Inference

struct BenchAllReduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all-reduce",
    abstract: "Time sums over the ranks: the way training takes, the ring by messages, and MPI_Allreduce.",
    discussion: """
      The ways are tried in turn. Training sends no gradients on a host: ranks share memory, and each sums its own part of \
      all ranks' gradients ("own parts"), which it exchanges with other hosts; what is small goes through mailboxes.
      """)

  @Option(help: "Trials of each; the median counts.")
  var repetitions = 5

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if !(1...1000).contains(repetitions) {
      throw ValidationError("--repetitions must be 1 to 1000, not \(repetitions).")
    }
  }

  private struct Output: Codable {
    let ranks: Int
    let sums: [AllReduceBenchmark.Result]
  }

  mutating func run() throws {
    compute.heartbeat = 0  // MPI_Allreduce keeps MPI to itself
    Job.run(compute) { communicator in
      let worker = try compute.worker(communicator)
      let banner = compute.banner(worker)
      var benchmark = AllReduceBenchmark()
      benchmark.repetitions = repetitions
      if let banner, !json {
        Console.print(banner)
        Console.print(Self.line(["bytes", "way", "ms", "GB/s", "ring, ms", "MPI_Allreduce, ms"]))
      }
      var results: [AllReduceBenchmark.Result] = []
      try benchmark.run(threads: worker.engine.threads, communicator) { result in
        results.append(result)
        if banner != nil, !json { Console.print(Self.line(of: result)) }
      }
      if banner != nil, json { try Console.print(json: Output(ranks: communicator.size, sums: results)) }
    }
  }

  private static func line(of result: AllReduceBenchmark.Result) -> String {
    let numbers = [
      result.milliseconds, result.gigabytesPerSecond, result.ringMilliseconds, result.mpiMilliseconds,
    ]
    return line([String(result.bytes), result.way] + numbers.map { String(format: "%.3f", $0) })
  }

  private static func line(_ cells: [String]) -> String {
    TextTable.line(cells, [.right(9), .left(9), .right(9), .right(8), .right(9), .right(17)], gap: 2)
  }
}
