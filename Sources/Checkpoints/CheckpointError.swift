public import Files

/// What can be wrong with a file of weights, or with writing one. Each message names the file and what to do.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  /// It cannot be read or written at all.
  case file(FileError)
  /// The file is of a known format and contradicts it: truncated, altered, or made to harm.
  case damaged(path: String, reason: String)
  /// The file may be sound, yet is or contains something that is not read here.
  case unsupported(path: String, reason: String)
  /// The tensors are not those of the network; every difference at once.
  case mismatched(path: String, differences: TensorDifferences)

  /// What is wrong, without the file's name: for messages that say the rest themselves.
  public var reason: String {
    switch self {
    case .file(let error): error.reason
    case .damaged(_, let reason), .unsupported(_, let reason): reason
    case .mismatched(_, let differences): "not the tensors of this network: \(differences)"
    }
  }

  public var description: String {
    switch self {
    case .file(let error): error.description
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
