import Glibc

/// Why a file could not be read or written. The message names the file and what to do.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// The operating system refused `action` ("write", "open", …) with this `errno`.
  case system(path: String, action: String, code: Int32)
  /// What is at `path` is nothing that can be used as a file here: a pipe, too large, changing under our hands.
  case unusable(path: String, reason: String)
  /// Another process writes to the folder at `path`: "process 17 on node3".
  case busy(path: String, holder: String)

  /// The system's `errno`, where it refused.
  public var code: Int32? {
    if case .system(_, _, let code) = self { code } else { nil }
  }

  /// What is wrong, without the file's name: for messages that say the rest themselves.
  public var reason: String {
    switch self {
    case .system(_, _, let code): unsafe String(cString: strerror(code))
    case .unusable(_, let reason): reason
    case .busy(_, let holder): "another run is writing here (\(holder))"
    }
  }

  public var description: String {
    switch self {
    case .system(let path, let action, _):
      "\(path): cannot \(action): \(reason). Check the path, its permissions and the free space."
    case .unusable(let path, _):
      "\(path): \(reason). Give a file that is whole and that nothing else writes to."
    case .busy(let path, _):
      "\(path): \(reason). Wait until it ends, or name another folder."
    }
  }
}
