import Foundation
import TestSupport

/// `misbehaving_server.py` on a free port, and a folder of files to serve.
final class FetchServer {
  let folder = TemporaryFolder()
  let address: String
  private let process = Process()

  /// Debian's names of what these tests run.
  static let needs = "needs bash, curl, python3 and 7za (Debian: curl python3 p7zip-full)"
  static let isPossible = ["bash", "curl", "python3", "7za"].allSatisfy { ProgramRun.path(of: $0) != nil }

  /// The package's folder of scripts.
  static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("launch").path

  init() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("misbehaving_server.py").path
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script, folder.path("")]
    process.standardOutput = output
    try process.run()
    let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    address = "http://127.0.0.1:" + port.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  deinit {
    // Not SIGTERM: test code runs on threads that block it, and a child inherits that.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Serves these bytes under a name.
  func serve(_ bytes: Data, as name: String) throws {
    try bytes.write(to: URL(fileURLWithPath: folder.path(name)))
  }

  /// What to do with the next requests of a name, a word each.
  func answer(_ name: String, with words: String) throws {
    try words.write(toFile: folder.path(name + ".answers"), atomically: true, encoding: .utf8)
  }

  /// The requests since the last call: name, range or `-`, status.
  func requests() -> [String] {
    defer { try? FileManager.default.removeItem(atPath: folder.path("log")) }
    return (try? String(contentsOfFile: folder.path("log"), encoding: .utf8))?.split(separator: "\n").map(String.init)
      ?? []
  }
}
