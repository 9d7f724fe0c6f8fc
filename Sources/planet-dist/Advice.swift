import Collectives
import Compute
import Inference
import PlanetData
import Recipes
import Runs
import Scores
import Training

/// What to do about an error, in this program's options and files. The errors of the other modules say what is wrong,
/// and where.
enum Advice {
  /// The error for people: what is wrong, where, what to do.
  static func explain(_ error: any Error) -> String { "\(error)" + (about(error).map { " " + $0 } ?? "") }

  /// The note, and what to do about it.
  static func explain(_ note: TrainingNote) -> String {
    switch note {
    case .sawValidation(_, _, _, let validPct, let splitSeed):
      "\(note) --valid-pct \(validPct) --split-seed \(splitSeed) split as it did."
    case .belowBaseline: "\(note) Train longer, or with another --lr (lr-find suggests one)."
    case .roundsOtherwise: "\(note) PLANET_ISA and OPENBLAS_CORETYPE choose kernels."
    case .lost, .sharesTooLittle, .stoppedEarly, .keptBest: "\(note)"
    }
  }

  /// What to do; nil where the error says it, or nothing can be done.
  static func about(_ error: any Error) -> String? {
    switch error {
    case let error as DatasetError: about(error)
    case ImageError.damaged: "Without --strict it is taken as it can be decoded."
    case let error as RecipeError: about(error)
    case is ScoreError: "Use a file that planet-dist evaluate --save-thresholds wrote for this model."
    case let error as RunError: about(error)
    case let error as InferenceError: about(error)
    case let error as TrainingError: about(error)
    case CommunicationError.tooLarge, CommunicationError.notShared: tooLarge
    case is KernelError: "Set PLANET_ISA to one of these, or unset it."
    default: nil
    }
  }

  /// About work that does not fit into memory.
  static let tooLarge = "Use a smaller --batch-size, smaller images, or more hosts."

  private static func about(_ error: DatasetError) -> String? {
    switch error {
    case .otherSeparator(_, _, _, nil): "Or give --label-delim ' ' to take them as they stand."
    case .otherSeparator(_, _, _, let mark?):
      "Give --label-delim \(shellQuoted(mark)) to separate them there, or ' ' to take them as they stand."
    case .noLabelFile: "Check --data, or name it with --labels."
    case .noImageFolder: "Check --data, or name it with --images."
    case .missingImages: "Fetch them, or check --images and --suffix."
    case .noImages: "Check --images."
    case .otherImages: "Give all folders of images with --images, and the file that belongs to them."
    case .noKnownTag: "Use a checkpoint that was trained on these tags, or check the label file."
    case .unwritable: "Or choose another --out."
    case .unreadable, .malformed, .noFolder, .nameIsNotText, .sameName, .emptySplit, .notEmpty: nil
    }
  }

  /// A mark as a shell takes it; blanks in a form that can be seen.
  private static func shellQuoted(_ mark: String) -> String {
    switch mark {
    case "\t": "'\\t'"
    case "\u{A0}": "$'\\u00a0'"
    default: "'\(mark)'"
    }
  }

  private static func about(_ error: RecipeError) -> String {
    switch error {
    case .file: "launch/recipes/planet.yaml shows how a recipe is written."
    case .tooFewImages: "Use a smaller --batch-size or more images."
    case .noLabels: "Check the label file."
    case .nothingToChooseBy: "Use a larger valid_pct, or neither."
    case .tooFewPerRank: "Use fewer ranks, a larger --batch-size, or --batch-norm sync."
    }
  }

  private static func about(_ error: RunError) -> String {
    switch error {
    case .unfinishedRun(let folder, _):
      "Add --resume to continue it, choose another --run, or remove \(folder)/state.safetensors to give it up."
    case .nothingToResume: "Leave out --resume to start one, or name another --run."
    case .alreadyTrained(_, let stages):
      "Name another --run, train later stages with --from \(stages.last ?? "STAGE"), or add --overwrite to replace what is there."
    case .damagedState(_, _, let saved):
      saved.isEmpty
        ? "Remove it, and start again: models/ has no stage to go on with by --from."
        : "Remove it, and go on with --from STAGE: models/ has \(saved.joined(separator: ", "))."
    case .leadsOutside: "Replace it by a folder, or make --run itself the link."
    case .otherConfiguration: "Leave them out: --resume takes the run's own."
    case .otherRecipe: "Name another --run, or leave out --resume auto, and add --overwrite to replace what is there."
    case .otherData: "Resume with the same labels, images and split."
    case .badFile: "Use a file that planet-dist train saved."
    case .otherLabels: "Use the data it was trained on, or start without --from."
    case .otherArchitecture(_, let it, let recipe): "Add --arch \(it), or start from a saved \(recipe)."
    case .noModel: "Give --from a stage saved in this --run, or a file."
    }
  }

  private static func about(_ error: InferenceError) -> String {
    switch error {
    case .notFiniteModel: "Use a checkpoint of a run that did not diverge."
    case .nothingToEvaluate: "Use a larger --valid-pct."
    case .differentLabels: "Average checkpoints that were trained on the same labels."
    case .otherPrediction:
      "Run the command that it belongs to, with its --checkpoint, --tta, --seed and --precision, or remove it to start anew."
    case .otherData:
      "Give its own data, or --all to judge it on every image here (a test set of your own), or --valid-pct and "
        + "--split-seed to judge it on a part."
    case .nothingHeldOut: "Judge it on a test set of your own with --all."
    case .nothingInCommon: "Judge each alone, or all on a test set of your own with --all."
    }
  }

  private static func about(_ error: TrainingError) -> String {
    switch error {
    case .notFinite:
      "Start again with a lower --lr, in another --run or after removing this one's state.safetensors."
    case .diverged:
      "Start again with a lower --lr (lr-find suggests one), in another --run or after removing this one's state.safetensors."
    case .replicasDiffer: "--resume continues from the last saved epoch."
    case .outOfStep: "This is a bug in planet-dist; please report it with the command line."
    case .noPretrained(let arch, _):
      "Run launch/get-weights \(arch), or name a file with --pretrained FILE, or start from random weights with --pretrained none."
    }
  }
}
