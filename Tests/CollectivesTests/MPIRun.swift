import Foundation

/// One run of `ring-check`, to its end.
struct MPIRun {
  let exitCode: Int32
  let output: String
  let errors: String
  let seconds: Double

  /// - Parameter ranks: as many under `mpirun`; `nil` to start the program itself.
  init(ranks: Int?, _ arguments: String..., environment: [String: String] = [:]) throws {
    let program = Self.products.appendingPathComponent("ring-check").path
    let command = ranks.map { ["mpirun", "-np", String($0), program] } ?? [program]
    let (process, output, errors) = (Process(), try TemporaryFile(), try TemporaryFile())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(Self.container) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output.handle
    process.standardError = errors.handle
    let begin = ContinuousClock.now
    try process.run()
    process.waitUntilExit()
    seconds = Double((ContinuousClock.now - begin).components.seconds)
    exitCode = process.terminationStatus
    self.output = try output.text()
    self.errors = try errors.text()
  }

  func lines(containing text: String) -> [String] {
    errors.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains(text) }
  }

  static let isInstalled = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/mpirun") }

  /// What `mpirun` needs as root, with more ranks than cores, and without ssh.
  private static let container = [
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_plm_rsh_agent": "",
  ]

  /// Where the package's executables are: beside the test bundle.
  private static let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
}

/// A file rather than a pipe: what a killed rank left open cannot keep us reading.
private final class TemporaryFile {
  private let url = FileManager.default.temporaryDirectory.appendingPathComponent("ring-check-\(UUID().uuidString)")
  let handle: FileHandle

  init() throws {
    try Data().write(to: url)
    handle = try FileHandle(forWritingTo: url)
  }

  func text() throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }

  deinit { try? FileManager.default.removeItem(at: url) }
}
