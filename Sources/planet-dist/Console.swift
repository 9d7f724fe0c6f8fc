import Collectives
import Files
import Foundation

/// The terminal, or the log file, rank 0 writes to.
enum Console {
  /// Whether a person watches. Under `mpirun` every rank's standard output is a terminal of mpirun's own, so mpirun's is
  /// asked instead.
  static let isTerminal: Bool = {
    if ProcessInfo.processInfo.environment["TERM"] == "dumb" { return false }
    guard Launcher.current.isMpirun else { return isatty(STDOUT_FILENO) == 1 }
    let launcher = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(getppid())/fd/1")
    return launcher?.begins(with: "/dev/pts/") == true || launcher?.begins(with: "/dev/tty") == true
  }()

  /// A line. Whatever it holds is shown and commands nothing; see ``Swift/String/shown``.
  ///
  /// A log that cannot be written (a full disk, a closed pipe) must not end the training.
  static func print(_ line: String) { write(line.shown + "\n") }

  /// Several lines.
  static func print(text: String) { for line in text.parts(by: "\n") { print(line) } }

  /// One line of JSON, for machines.
  static func print(json object: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    write(String(decoding: try encoder.encode(object), as: UTF8.self).shownInJSON + "\n")
  }

  /// Text of our own as it is: the progress bar.
  static func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }

  static func complain(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data((line.shown + "\n").utf8))
  }
}
