import ArgumentParser
import Collectives
import Compute
import Diagnostics
import Foundation
import Inference
import Recipes

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

  @Option(
    help: ArgumentHelp(
      "Only count, for so many threads of a rank, how they would share each convolution.", valueName: "threads"))
  var plan: Int?

  @OptionGroup(title: "Machine") var compute: ComputeOptions

  func validate() throws {
    if !(1...1000).contains(repetitions) {
      throw ValidationError("--repetitions must be 1 to 1000, not \(repetitions).")
    }
    if let plan, !(1...1024).contains(plan) {
      throw ValidationError("--plan must be 1 to 1024 threads, not \(plan).")
    }
    if choose, plan != nil { throw ValidationError("--choose measures, --plan only counts: choose one.") }
  }

  private struct Output: Codable {
    let peakGflops: Double
    let kernels: [KernelBenchmark.Result]
    let totals: KernelBenchmark.Totals
  }

  mutating func run() throws {
    Job.run(compute) { communicator in
      let worker = try compute.worker(communicator)
      let banner = compute.banner(worker)
      var benchmark = KernelBenchmark()
      benchmark.arch = bench.arch
      (benchmark.size, benchmark.batchSize, benchmark.repetitions) = (bench.size, bench.batchSize, repetitions)
      let shows = banner != nil && !bench.json
      if let plan { return try Self.plan(benchmark, worker, threads: plan, shows: shows, prints: banner != nil) }
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

  private static func plan(
    _ benchmark: KernelBenchmark, _ worker: Worker, threads: Int, shows: Bool, prints: Bool
  ) throws {
    guard prints else { return }
    let engine = Engine(
      kernels: worker.engine.kernels, threads: Threads(counting: threads), precision: worker.engine.precision)
    let parts = BatchParts(
      batch: benchmark.batchSize, parts: Recipe.virtualRanks.count, rank: 0, worldSize: worker.communicator.size)
    let plans = benchmark.plan(engine: engine, parts: parts)
    guard shows else { return try Console.print(json: plans) }
    Console.print(
      "\(threads) threads, \(parts.images.last?.upperBound ?? 0) images a rank, \(engine.kernels.name), "
        + "\(engine.precision.rawValue); the largest share of arithmetic, padding included, over the mean of what is "
        + "needed, and what a thread reads at most:")
    Console.print(columns("", "", ["forward", "input grad.", "weight grad."]))
    for plan in plans {
      let texts = ([plan.forward, plan.inputGradient, plan.weightGradient] as [KernelPlan.Product?]).map {
        $0.map { String(format: "%.2f %5.1f MB", $0.imbalance, $0.bytes / 1e6) } ?? "–"
      }
      Console.print(
        TextTable.line(
          [(plan.count > 1 ? "\(plan.count) × " : "") + plan.name, plan.shape] + texts,
          [.left(23), .left(35), .right(14)], gap: 1))
    }
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
