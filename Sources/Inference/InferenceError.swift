/// Why networks cannot be evaluated, or predict.
public enum InferenceError: Error, Equatable, CustomStringConvertible {
  /// A saved network's outputs are not numbers.
  case notFiniteModel
  /// There are no validation images.
  case nothingToEvaluate
  /// Networks to be averaged must have the same labels.
  case differentLabels(path: String, from: String)
  /// The unfinished prediction beside an output cannot be continued.
  case otherPrediction(path: String, reason: String)
  /// The data are not what the network was made of; what there is now, and what the checkpoint says.
  case otherData(path: String, images: Int, known: Int, made: Int, heldOut: Int, place: String?)
  /// The network's run had no validation images.
  case nothingHeldOut(path: String)
  /// The networks' runs split so differently that every image was trained on by one of them.
  case nothingInCommon(paths: [String])

  public var description: String {
    switch self {
    case .notFiniteModel:
      "evaluation: the network's outputs are not finite numbers. Use a checkpoint of a run that did not diverge."
    case .nothingToEvaluate:
      "evaluation: no validation images. Use a larger --valid-pct."
    case .differentLabels(let path, let from):
      "\(path): its labels are not those of \(from). Average checkpoints that were trained on the same labels."
    case .otherPrediction(let path, let reason):
      "\(path): \(reason). Run the command that it belongs to, or remove it to start anew."
    case .otherData(let path, let images, let known, let made, let heldOut, let place):
      "\(path): was made of other data: of \(made) images\(place.map { " (\($0))" } ?? ""), and here are \(images), among "
        + "them \(known) of the \(heldOut) it held out. Give its own data, or --all to judge it on every image here (a "
        + "test set of your own), or --valid-pct and --split-seed to judge it on a part."
    case .nothingHeldOut(let path):
      "\(path): its run held no images out. Judge it on a test set of your own with --all."
    case .nothingInCommon(let paths):
      "\(paths.joined(separator: ", ")): no image was held out by all of their runs. Judge each alone, or all on a test "
        + "set of your own with --all."
    }
  }
}
