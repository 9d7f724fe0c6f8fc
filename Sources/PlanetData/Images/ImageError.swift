/// Why an image cannot be used.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// The file cannot be read; `reason` is the system's.
  case unreadable(path: String, reason: String)
  /// The file is not a whole picture of a kind and size we read.
  case undecodable(path: String, reason: String)
  /// The file can be decoded, but damaged images are refused.
  case damaged(path: String, reason: String)

  /// What is wrong, without the file's name.
  var reason: String {
    switch self {
    case .unreadable(_, let reason), .undecodable(_, let reason), .damaged(_, let reason): reason
    }
  }

  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)). Check the path and its permissions."
    case .undecodable(let path, let reason):
      "\(path): not a readable \(ImageFormat.names) (\(reason)). Fetch it again, or take it out of the folder and the label file."
    case .damaged(let path, let reason):
      "\(path): a damaged picture, which is refused (\(reason)). Fetch it again, or take it out of the folder and the label file."
    }
  }
}
