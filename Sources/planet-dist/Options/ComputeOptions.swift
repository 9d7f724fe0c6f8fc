public import ArgumentParser
import Collectives
public import Compute
import Files
import Foundation
import Inference
import Recipes

/// What every command that computes understands.
struct ComputeOptions: ParsableArguments {
  @Option(
    help: "Threads of each rank. Default: its share of the cores, or of the processors' time, that it is allowed.")
  var threads: Int?

  @Option(help: Knobs.precision.help("the recipe's, fp32; in evaluate and predict the checkpoint's"))
  var precision: Precision?

  @Option(help: "Threads of each rank that decode images.")
  var loaderThreads = 1

  @Option(
    help:
      "How ranks add up what they have: auto, through the memory that those of a host share, and then between hosts, or ring, by messages around a ring of all ranks."
  )
  var allReduce = AllReduce.auto

  @Option(help: "Seconds to wait for another rank before giving up.")
  var timeout = 600.0

  @Option(help: "Seconds that ranks may take to find each other at the start.")
  var joinTimeout = 60.0

  @Option(help: "Seconds that a rank may give no sign of life before the job ends; 0: for ever, to debug.")
  var heartbeat = 15.0

  func validate() throws {
    if !(heartbeat == 0 || (1...1_000_000).contains(heartbeat)) {
      throw ValidationError("--heartbeat must be 1 to 1000000 seconds, or 0, not \(heartbeat).")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be 1 to 1024, not \(threads).")
    }
    if !(1...64).contains(loaderThreads) {
      throw ValidationError("--loader-threads must be 1 to 64, not \(loaderThreads).")
    }
    for (name, seconds) in [("--timeout", timeout), ("--join-timeout", joinTimeout)]
    where !(1...1_000_000).contains(seconds) {
      throw ValidationError("\(name) must be 1 to 1000000 seconds, not \(seconds).")
    }
  }

  /// This rank, with its kernels and threads. Collective.
  ///
  /// - Parameter fallback: the precision, where no option says otherwise.
  func worker(_ communicator: Communicator, precision fallback: Precision = .fp32) throws -> Worker {
    if allReduce == .ring { communicator.sendMessages() }
    if communicator.rank == 0, allReduce == .auto, let problem = communicator.sharingProblem {
      Console.complain(
        "warning: ranks cannot share their host's memory (\(problem)), and send messages, which is slower")
    }
    let precision = precision ?? fallback
    let kernels = try communicator.agree { try Kernels.choose(ProcessInfo.processInfo.environment["PLANET_ISA"]) }
    var name = Fingerprint()
    name.add("\(kernels.name) \(precision)")
    try communicator.verifyIdentical(
      name.value, what: "instruction set or precision",
      advice: "Choose one that every host has, for all: `mpirun -x PLANET_ISA=avx2 …`.")
    let share = try communicator.threadCount(of: Allowance().processors)
    let engine = Engine(kernels: kernels, threads: Threads(threads ?? share.count), precision: precision)
    let missing = try communicator.allGather(engine.threads.count - engine.threads.running)
    if communicator.rank == 0, let most = missing.max(), most > 0 {
      Console.complain(
        "warning: the system gave a rank \(most) threads less than it wanted (ulimit -u, or pids.max of its control group)"
      )
    }
    return Worker(
      communicator, engine, loaderThreads: loaderThreads, threadsSource: threads == nil ? share.source : "--threads")
  }

  /// The banner's first line, on rank 0; nil elsewhere.
  func banner(_ worker: Worker) -> String? {
    let (communicator, engine) = (worker.communicator, worker.engine)
    guard communicator.rank == 0 else { return nil }
    let names = Set(communicator.hostNames).sorted()
    let ranks = communicator.size == 1 ? "1 rank" : "\(communicator.size) ranks"
    return "planet-dist \(version): \(ranks) on \(names.joined(separator: ", ")), "
      + "\(engine.threads.count) thread\(engine.threads.count == 1 ? "" : "s") each (\(worker.threadsSource)), "
      + "\(engine.kernels.name), \(engine.precision)\(engine.precision == .bf16 ? " multiplied as \(engine.kernels.products(.bf16))" : ""), "
      + "OpenBLAS \(OpenBLAS.core)"
  }
}

/// By which way ranks work together.
enum AllReduce: String, CaseIterable, ExpressibleByArgument {
  /// Through common memory on each host, if every host lets its ranks share it, and then between hosts; else the ring.
  case auto
  case ring
}

extension Precision: ExpressibleByArgument {}
