import Foundation

/// A folder that is gone with its owner.
public final class TemporaryFolder: Sendable {
  fileprivate let root = NSTemporaryDirectory() + "planet-dist-\(UUID().uuidString)"

  public init() { try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// The path of a file or folder in it.
  public func path(_ name: String) -> String { root + "/" + name }
  public func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// Runs a test in a folder of its own.
@discardableResult
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.root) }
}

/// No file of this process may grow beyond `bytes`; a write that crosses the limit is cut, the next one fails.
public func limitFileSize(_ bytes: Int) {
  var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: 1_000_000)
  precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
}
