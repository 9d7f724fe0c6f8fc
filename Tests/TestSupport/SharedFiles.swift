import Foundation

/// Files too large or not free to be part of the project, in a folder `shared` beside it. Tests that need one skip,
/// with a message, where it is missing.
public enum SharedFiles {
  /// The folder, wherever the package was cloned.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")

  /// The path of a file in it, for example `data/train_v2.csv`.
  public static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

  /// Whether it is there: `.enabled(if: SharedFiles.has("data/train_v2.csv"), "needs ../shared/data/train_v2.csv")`.
  public static func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}
