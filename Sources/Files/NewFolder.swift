import Foundation

/// A folder that appears with everything in it, or not at all.
public enum NewFolder {
  /// Lets `fill` write to a temporary folder beside `path`, and renames it to `path` when all is in it. Meanwhile an
  /// empty folder holds the name.
  ///
  /// - Parameter path: nothing, or an empty folder.
  /// - Throws: what `fill` throws; ``FileError/system(path:action:code:)`` with `ENOTEMPTY` where something is there.
  public static func write(to path: String, _ fill: (String) throws(FileError) -> Void) throws(FileError) {
    let (parent, name) = (FilePath.folder(of: path), FilePath.name(of: path))
    try AtomicFile.makeFolder(parent)
    let temporary = FilePath.join(parent, ".\(name).\(getpid()).tmp")
    defer { try? FileManager.default.removeItem(atPath: temporary) }
    func take() throws(FileError) {
      guard unsafe rename(temporary, path) == 0 else {
        throw .system(path: path, action: "create the folder", code: errno == EEXIST ? ENOTEMPTY : errno)
      }
    }
    // The name is taken first by an empty folder, so that whatever is in the way is found before the work.
    try? FileManager.default.removeItem(atPath: temporary)
    try AtomicFile.makeFolder(temporary)
    try take()
    try AtomicFile.makeFolder(temporary)
    try fill(temporary)
    try take()
  }
}
