import ArgumentParser
import Checkpoints
import Collectives
import Compute
import Files
import Foundation
import PlanetData
import Training

/// Runs a command on all ranks and turns failures into one message and a documented exit code.
enum Job {
  static func run<R>(_ options: ComputeOptions, _ body: (Communicator) throws -> R) -> R {
    Communicator.withJob(
      timeout: .seconds(options.timeout),
      onFailure: { error, rank, size in
        Console.complain((size > 1 ? "rank \(rank): " : "") + "Error: \(error)")
        return exitCode(error)
      }, body)
  }

  /// Runs a command that one process is enough for: under mpirun rank 0 does it, and the others have nothing to do.
  static func alone(_ body: () throws -> Void) throws {
    guard Launcher.current.rank == 0 else { return }
    do {
      try body()
    } catch {
      Console.complain("Error: \(error)")
      throw ExitCode(exitCode(error))
    }
  }

  /// The exit code of a failure (see `planet-dist --help`).
  static func exitCode(_ error: any Error) -> Int32 {
    switch error {
    case is ValidationError, is KernelError, is RecipeError: EX_USAGE
    case FileError.busy: EX_TEMPFAIL
    case FileError.system, CheckpointError.file(.system): EX_IOERR
    case is FileError, is CheckpointError, is DatasetError, is ImageError, is JudgingError: EX_DATAERR
    case let error as TrainingError: exitCode(error)
    case let error as CommunicationError: exitCode(error)
    default: EX_SOFTWARE
    }
  }

  private static func exitCode(_ error: TrainingError) -> Int32 {
    switch error {
    case .replicasDiffer: replicasDiffer
    case .outOfStep: EX_SOFTWARE
    case .unfinishedRun, .nothingToResume, .alreadyTrained, .otherConfiguration, .tooFewPerRank, .tooLarge, .nothingToChooseBy,
      .otherPrediction:
      EX_USAGE
    case .damagedState, .leadsOutside, .notFinite, .diverged, .notFiniteModel, .tooFewImages, .noLabels, .nothingToEvaluate,
      .otherData, .badFile, .otherLabels,
      .noPretrained, .noModel, .differentLabels, .badThresholds:
      EX_DATAERR
    }
  }

  private static func exitCode(_ error: CommunicationError) -> Int32 {
    switch error {
    case .timedOut, .abandoned, .rankFailed: EX_TEMPFAIL
    case .different, .mismatched: EX_CONFIG
    case .library, .notJoined: EX_SOFTWARE
    }
  }

  private static let replicasDiffer: Int32 = 76
}
