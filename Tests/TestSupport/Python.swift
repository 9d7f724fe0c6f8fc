import Foundation
import Testing

/// Python programs that files for other tools are read back with. Tests that need a package skip, with a message, where
/// it is missing.
public enum Python {
  /// Whether python3 finds all these modules: `.enabled(if: Python.has("onnx"), "needs python3 with onnx")`.
  public static func has(_ modules: String...) -> Bool {
    let find = "import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, sys.argv[1:])))"
    return (try? ProgramRun("python3", ["-c", find] + modules))?.exitCode == 0
  }

  /// Runs a script that prints one JSON object, and decodes that.
  ///
  /// - Throws: ``Failure`` with what Python wrote, if it ends in an exception.
  public static func run<R: Decodable>(
    _ script: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> R {
    let run = try ProgramRun("python3", [script] + arguments, environment: environment)
    guard run.exitCode == 0 else { throw Failure(description: run.errors) }
    return try JSONDecoder().decode(R.self, from: Data(run.output.utf8))
  }

  /// What a program given as text prints.
  ///
  /// - Throws: ``Failure``, as above.
  public static func run(_ program: String) throws -> String {
    let run = try ProgramRun("python3", ["-c", program])
    guard run.exitCode == 0 else { throw Failure(description: run.errors) }
    return run.output
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }
}
