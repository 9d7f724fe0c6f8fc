public import Collectives
import Foundation

/// Why training cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The loss, or a weight, became infinite or not a number.
  case notFinite(step: Int)
  /// The loss is a number, and such that nothing has been learnt.
  case diverged(stage: String, epoch: Int, loss: Double)
  /// A saved network's outputs are not numbers.
  case notFiniteModel
  /// The ranks' networks differ, which only a broken host, network or program can bring about.
  case replicasDiffer(what: String, ranks: [Int])
  /// Ranks are in different steps, which only a bug can bring about.
  case outOfStep(Int)
  /// The training part has fewer images than one batch.
  case tooFewImages(train: Int, batchSize: Int)
  /// No training image has a label.
  case noLabels
  /// There are no validation images.
  case nothingToEvaluate
  /// Early stopping, or keeping the best epoch, without validation images.
  case nothingToChooseBy
  /// Ranks need more memory than the budget they share.
  case tooLarge(bytes: Double, Budget)
  /// Each rank's own batch normalization needs two images on each.
  case tooFewPerRank(batchSize: Int, ranks: Int)
  /// The run folder holds an interrupted run.
  case unfinishedRun(folder: String, progress: String)
  /// Nothing to resume.
  case nothingToResume(folder: String)
  /// Stages to be trained are saved in the run's folder.
  case alreadyTrained(folder: String, stages: [String])
  /// The state of the interrupted run cannot be used. `saved` are the stages that are saved.
  case damagedState(path: String, reason: String, saved: [String])
  /// A folder of a run is a link out of it.
  case leadsOutside(path: String)
  /// The options are not those of the interrupted run.
  case otherConfiguration(path: String, differences: [String])
  /// The data are not those of the interrupted run.
  case otherData(path: String)
  /// A file of ours lacks what it should hold.
  case badFile(path: String, reason: String)
  /// The model's labels are not the dataset's.
  case otherLabels(path: String, missing: [String], unknown: [String])
  /// Networks to be averaged must have the same labels.
  case differentLabels(path: String, from: String)
  /// A file of thresholds is not one for the model.
  case badThresholds(path: String, reason: String)
  /// The unfinished prediction beside an output cannot be continued.
  case otherPrediction(path: String, reason: String)
  /// No pretrained weights where torchvision would have put them.
  case noPretrained(folder: String)
  /// A checkpoint given by name is not in the run.
  case noModel(name: String, searched: [String])

  public var description: String {
    switch self {
    case .notFinite(let step):
      "training: loss or weights are no longer finite numbers at step \(step). Start again with a lower --lr, in another --run or after removing this one's state.safetensors."
    case .diverged(let stage, let epoch, let loss):
      "training: the loss ran away, to \(loss) after epoch \(epoch) of \(stage), where one that knows nothing has 0.7. Start again with a lower --lr (lr-find suggests one), in another --run or after removing this one's state.safetensors."
    case .notFiniteModel:
      "evaluation: the network's outputs are not finite numbers. Use a checkpoint of a run that did not diverge."
    case .replicasDiffer(let what, let ranks):
      "\(what): not the same on rank \(ranks.map(String.init).joined(separator: ", ")) as on the other ranks. Replicas must never differ: suspect that host's memory or network. --resume continues from the last saved epoch."
    case .outOfStep(let step):
      "training: not all ranks are in step \(step). This is a bug in planet-dist; please report it with the command line."
    case .tooFewImages(let train, let batchSize):
      "training: \(train) training images do not fill one batch of \(batchSize). Use a smaller --batch-size or more images."
    case .noLabels:
      "training: no training image has a tag. Check the label file."
    case .nothingToEvaluate:
      "evaluation: no validation images. Use a larger --valid-pct."
    case .nothingToChooseBy:
      "training: early_stopping and keep_best go by fbeta, and there are no validation images. Use a larger valid_pct, or neither."
    case .tooLarge(let bytes, let budget):
      "memory: \(budget.owner == nil ? "each rank" : "this host's ranks") would need about \(Self.gigabytes(bytes, budget.amount)) is allowed (\(budget.source)). Use a smaller --batch-size, smaller images, or more hosts."
    case .tooFewPerRank(let batchSize, let ranks):
      "training: --batch-norm local needs two images on every rank, and a batch of \(batchSize) on \(ranks) ranks has fewer. Use fewer ranks, a larger --batch-size, or --batch-norm sync."
    case .unfinishedRun(let folder, let progress):
      "\(folder): holds an interrupted run (\(progress)). Add --resume to continue it, choose another --run, or remove \(folder)/state.safetensors to give it up."
    case .nothingToResume(let folder):
      "\(folder): no interrupted run to resume here. Leave out --resume to start one, or name another --run."
    case .alreadyTrained(let folder, let stages):
      "\(folder): already holds \(stages.joined(separator: ", ")). Name another --run, train later stages with --from \(stages.last ?? "STAGE"), or add --overwrite to replace what is there."
    case .damagedState(let path, let reason, let saved):
      "\(path): the interrupted run's state cannot be used (\(reason)). Remove it, and "
        + (saved.isEmpty
          ? "start again: models/ has no stage to go on with by --from."
          : "go on with --from STAGE: models/ has \(saved.joined(separator: ", ")).")
    case .leadsOutside(let path):
      "\(path): is a link that leads out of the run's folder, outside which nothing is written. Replace it by a folder, or make --run itself the link."
    case .otherConfiguration(let path, let differences):
      "\(path): the interrupted run had other options (\(differences.joined(separator: "; "))). Leave them out: --resume takes the run's own."
    case .otherData(let path):
      "\(path): the interrupted run saw other data. Resume with the same labels, images and split."
    case .badFile(let path, let reason):
      "\(path): \(reason). Use a file that planet-dist train saved."
    case .otherLabels(let path, let missing, let unknown):
      "\(path): its labels are not the data's (only in the data: \(Self.list(missing)); only in the model: \(Self.list(unknown))). Use the data it was trained on, or start without --from."
    case .differentLabels(let path, let from):
      "\(path): its labels are not those of \(from). Average checkpoints that were trained on the same labels."
    case .badThresholds(let path, let reason):
      "\(path): \(reason). Use a file that planet-dist evaluate --save-thresholds wrote for this model."
    case .otherPrediction(let path, let reason):
      "\(path): \(reason). Run the command that it belongs to, or remove it to start anew."
    case .noPretrained(let folder):
      "pretrained weights: no resnet50-*.pth in \(folder). Run launch/get-weights, or name a file with --pretrained FILE, or start from random weights with --pretrained none."
    case .noModel(let name, let searched):
      "\(name): no such checkpoint (looked for \(searched.joined(separator: ", "))). Give --from a stage saved in this --run, or a file."
    }
  }

  /// The first of them, and how many there are if those are not all.
  static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let rest = names.count > 20 ? ", … \(names.count) in all" : ""
    return names.prefix(20).joined(separator: ", ") + rest
  }

  /// "2 GB, and 1": with as many decimals as it takes to tell two amounts apart.
  private static func gigabytes(_ needed: Double, _ allowed: Double) -> String {
    let texts = (0...3).map { digits in [needed, allowed].map { String(format: "%.\(digits)f", max(0, $0) / 1e9) } }
    let text = texts.first { $0[0] != $0[1] && Double($0[1]) != 0 } ?? texts[3]
    return "\(text[0]) GB, and \(text[1])"
  }
}
