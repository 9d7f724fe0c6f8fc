import Foundation

/// What can be wrong with a file of weights, or with writing one. Each message names the file and what to do.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// The operating system refused `action` ("write", "open", …) with this `errno`.
  case system(path: String, action: String, code: Int32)
  /// The file is of a known format and contradicts it: truncated, altered, or made to harm.
  case damaged(path: String, reason: String)
  /// The file may be sound, yet is or contains something that is not read here.
  case unsupported(path: String, reason: String)
  /// The tensors are not those of the network; every difference at once.
  case mismatched(path: String, differences: TensorDifferences)

  public var description: String {
    switch self {
    case .system(let path, let action, let code):
      "\(path): cannot \(action): \(String(cString: strerror(code))). Check the path, its permissions and the free space."
    case .damaged(let path, let reason):
      "\(path): damaged: \(reason). Fetch or save the file again."
    case .unsupported(let path, let reason):
      "\(path): \(reason). Give a safetensors file, or a state_dict written by torch.save."
    case .mismatched(let path, let differences):
      "\(path): not the tensors of this network: \(differences). Give weights of the same network."
    }
  }
}

/// The same two kinds of trouble inside the parsers, which see bytes and no path.
enum FormatError: Error, Equatable {
  case damaged(String)
  case unsupported(String)

  func at(_ path: String) -> CheckpointError {
    switch self {
    case .damaged(let reason): .damaged(path: path, reason: reason)
    case .unsupported(let reason): .unsupported(path: path, reason: reason)
    }
  }
}
