import Foundation

/// A folder that is gone with its owner.
public final class TemporaryFolder: Sendable {
  private let root = NSTemporaryDirectory() + "planet-dist-\(UUID().uuidString)"

  public init() { try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// The path of a file or folder in it.
  public func path(_ name: String) -> String { root + "/" + name }
  public func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}
