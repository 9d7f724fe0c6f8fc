/// Why scores cannot be told.
public enum ScoreError: Error, Equatable, CustomStringConvertible {
  /// A file of thresholds is not one for the model.
  case badThresholds(path: String, reason: String)

  public var description: String {
    switch self {
    case .badThresholds(let path, let reason):
      "\(path): \(reason)."
    }
  }
}
