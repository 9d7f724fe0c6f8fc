import ArgumentParser
import Collectives
import Foundation

/// Runs a command on all ranks and turns failures into one message and a documented exit code.
enum Job {
  static func run<R>(_ options: ComputeOptions, _ body: (Communicator) throws -> R) -> R {
    Communicator.withJob(
      timeout: .seconds(options.timeout), joinTimeout: .seconds(options.joinTimeout),
      heartbeat: options.heartbeat > 0 ? .seconds(options.heartbeat) : nil,
      onFailure: { error, rank, size in
        Console.complain((size > 1 ? "rank \(rank): " : "") + "Error: \(Advice.explain(error))")
        return exitCode(error)
      }, onWarning: { Console.complain("\($0)") }, body)
  }

  /// Runs a command that one process is enough for: under mpirun rank 0 does it, and the others have nothing to do.
  static func alone(_ body: () throws -> Void) throws {
    guard Launcher.current.rank == 0 else { return }
    do {
      try body()
    } catch {
      Console.complain("Error: \(Advice.explain(error))")
      throw ExitCode(exitCode(error))
    }
  }
}
