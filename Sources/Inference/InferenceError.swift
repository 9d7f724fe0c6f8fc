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
      "evaluation: the network's outputs are not finite numbers."
    case .nothingToEvaluate:
      "evaluation: no validation images."
    case .differentLabels(let path, let from):
      "\(path): its labels are not those of \(from)."
    case .otherPrediction(let path, let reason):
      "\(path): \(reason)."
    case .otherData(let path, let images, let known, let made, let heldOut, let place):
      "\(path): was made of other data: of \(made) images\(place.map { " (\($0))" } ?? ""), and here are \(images), among "
        + "them \(known) of the \(heldOut) it held out."
    case .nothingHeldOut(let path):
      "\(path): its run held no images out."
    case .nothingInCommon(let paths):
      "\(paths.joined(separator: ", ")): no image was held out by all of their runs."
    }
  }
}
