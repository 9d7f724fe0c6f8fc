import ArgumentParser
import Compute
import Diagnostics
import Foundation
import Inference

struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Time each convolution of the network, forward and both gradients, in GFLOP/s.",
    discussion: """
      Each is first compared with sums in double precision. The peak is what multiplications on registers alone reach. \
      Operations are counted as in a direct convolution: Winograd's products need fewer, and can exceed it. \
      Under mpirun every rank works, and rank 0 reports its own.
      """)

  @OptionGroup var bench: BenchOptions

  @Option(help: "Trials of each; the best counts.")
  var repetitions = 5

  @Flag(help: "Time each convolution by every fast set of kernels, with and without Winograd's products.")
  var choose = false

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if !(1...1000).contains(repetitions) {
      throw ValidationError("--repetitions must be 1 to 1000, not \(repetitions).")
    }
  }

  private struct Output: Codable {
    let peakGflops: Double
    let kernels: [KernelBenchmark.Result]
    let totals: KernelBenchmark.Totals
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let worker = try compute.worker(communicator)
      let banner = try compute.banner(worker)
      var benchmark = KernelBenchmark()
      benchmark.arch = bench.arch
      (benchmark.size, benchmark.batchSize, benchmark.repetitions) = (bench.size, bench.batchSize, repetitions)
      let shows = banner != nil && !bench.json
      if choose { return try Self.choose(benchmark, worker, banner: banner, shows: shows) }
      let peak = worker.engine.peakFlops() / 1e9
      if let banner, shows { Self.header(banner, peak: peak) }
      var results: [KernelBenchmark.Result] = []
      try benchmark.run(worker: worker) { result in
        results.append(result)
        if shows { Self.show(result, peak: peak) }
      }
      let totals = KernelBenchmark.Totals(results)
      if shows {
        Self.line("all", "", [totals.forward, totals.inputGradient, totals.weightGradient], peak: peak)
      } else if banner != nil {
        try Console.print(json: Output(peakGflops: peak, kernels: results, totals: totals))
      }
    }
  }

  private static func choose(_ benchmark: KernelBenchmark, _ worker: Worker, banner: String?, shows: Bool) throws {
    if let banner, shows {
      Console.print(banner)
      Console.print("ms of forward and both gradients, the fastest first; * is what a set does:")
    }
    var choices: [KernelChoice] = []
    try benchmark.choose(worker: worker) { choice in
      choices.append(choice)
      guard shows else { return }
      let candidates = choice.candidates.map {
        String(format: "%@%@%@ %.1f", $0.set, $0.winograd ? ", Winograd" : "", $0.isChosen ? "*" : "", $0.milliseconds)
      }
      Console.print(columns(choice.name, choice.shape, []) + candidates.joined(separator: "; "))
    }
    if banner != nil, !shows { try Console.print(json: choices) }
  }

  private static func header(_ banner: String, peak: Double) {
    Console.print(banner)
    Console.print(String(format: "peak %.0f GFLOP/s; GFLOP/s and percent of the peak:", peak))
    Console.print(columns("", "", ["forward", "input grad.", "weight grad."]))
  }

  private static func show(_ result: KernelBenchmark.Result, peak: Double) {
    line(
      (result.count > 1 ? "\(result.count) × " : "") + result.name, result.shape,
      [result.forward, result.inputGradient, result.weightGradient], peak: peak)
  }

  private static func line(_ name: String, _ shape: String, _ speeds: [Double?], peak: Double) {
    let texts = speeds.map { $0.map { String(format: "%.0f %3.0f %%", $0, 100 * $0 / peak) } ?? "–" }
    Console.print(columns(name, shape, texts))
  }

  private static func columns(_ name: String, _ shape: String, _ speeds: [String]) -> String {
    TextTable.line([name, shape] + speeds, [.left(23), .left(35), .right(12)], gap: 1)
  }
}
