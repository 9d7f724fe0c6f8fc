import ArgumentParser
import Checkpoints
import Collectives
import Compute
import Files
import Foundation
import Inference
import PlanetData
import Recipes
import Runs
import Scores
import Training

extension Job {
  /// The exit code of a failure (see `planet-dist --help`).
  static func exitCode(_ error: any Error) -> Int32 {
    switch error {
    case is ValidationError, is KernelError: EX_USAGE
    case FileError.busy: EX_TEMPFAIL
    case FileError.system, CheckpointError.file(.system): EX_IOERR
    case is FileError, is CheckpointError, is DatasetError, is ImageError, is ScoreError: EX_DATAERR
    case let error as RecipeError: exitCode(error)
    case let error as RunError: exitCode(error)
    case let error as InferenceError: exitCode(error)
    case let error as TrainingError: exitCode(error)
    case let error as CommunicationError: exitCode(error)
    default: EX_SOFTWARE
    }
  }

  private static func exitCode(_ error: RecipeError) -> Int32 {
    switch error {
    case .file, .tooFewPerRank, .nothingToChooseBy: EX_USAGE
    case .tooFewImages, .noLabels: EX_DATAERR
    }
  }

  private static func exitCode(_ error: RunError) -> Int32 {
    switch error {
    case .unfinishedRun, .nothingToResume, .alreadyTrained, .otherConfiguration, .otherRecipe: EX_USAGE
    case .damagedState, .leadsOutside, .otherData, .badFile, .otherLabels, .otherArchitecture, .noModel: EX_DATAERR
    }
  }

  private static func exitCode(_ error: InferenceError) -> Int32 {
    switch error {
    case .otherPrediction: EX_USAGE
    case .notFiniteModel, .nothingToEvaluate, .differentLabels, .otherData, .nothingHeldOut, .nothingInCommon:
      EX_DATAERR
    }
  }

  private static func exitCode(_ error: TrainingError) -> Int32 {
    switch error {
    case .replicasDiffer: replicasDiffer
    case .outOfStep: EX_SOFTWARE
    case .notFinite, .diverged, .noPretrained: EX_DATAERR
    }
  }

  private static func exitCode(_ error: CommunicationError) -> Int32 {
    switch error {
    case .notFound, .timedOut, .silent, .abandoned, .rankFailed: EX_TEMPFAIL
    case .different, .mismatched: EX_CONFIG
    case .tooLarge, .notShared: EX_USAGE
    case .library, .notJoined: EX_SOFTWARE
    }
  }

  private static let replicasDiffer: Int32 = 76
}
