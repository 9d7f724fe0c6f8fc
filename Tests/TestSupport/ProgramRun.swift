import Dispatch
import Foundation
public import Testing

/// One run of an executable of this package, or else of the PATH, alone or under `mpirun`.
public final class ProgramRun {
  public private(set) var exitCode: Int32 = 0
  public private(set) var output = ""
  public private(set) var errors = ""
  private let process = Process()
  private let outputFile: TemporaryFile
  private let errorFile: TemporaryFile
  private let hangs = Flag()
  private var watch: DispatchWorkItem?

  /// Starts the program. If it hangs, it is killed after a quarter of an hour, and ``wait(sourceLocation:)`` says so.
  ///
  /// - Parameters:
  ///   - program: an executable of this package, or a path from `/`.
  ///   - ranks: as many under `mpirun`; `nil` to start the program itself.
  ///   - folder: its working folder.
  public init(
    start program: String, ranks: Int?, _ arguments: [String], environment: [String: String] = [:],
    in folder: String? = nil
  ) throws {
    (outputFile, errorFile) = (try TemporaryFile(), try TemporaryFile())
    let product = Self.products.appendingPathComponent(program).path
    let path = FileManager.default.isExecutableFile(atPath: product) ? product : program
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = (ranks.map { ["mpirun", "-np", String($0), path] } ?? [path]) + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(Self.container) { $1 }.merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = outputFile.handle
    process.standardError = errorFile.handle
    // Test code runs on threads that block signals, and a child inherits that.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
    try process.run()
    watch = Watch.start { [id = process.processIdentifier, hangs] in
      hangs.raise()
      kill(id, SIGTERM)  // which mpirun passes on to its ranks
      sleep(10)
      kill(id, SIGKILL)
    }
  }

  /// A test that ends early leaves nothing running.
  deinit {
    watch?.cancel()
    if process.isRunning { process.terminate() }
  }

  /// Runs the program to its end.
  public convenience init(
    _ program: String, ranks: Int? = nil, _ arguments: [String], environment: [String: String] = [:],
    in folder: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try self.init(start: program, ranks: ranks, arguments, environment: environment, in: folder)
    try wait(sourceLocation: sourceLocation)
  }

  /// Waits for the end.
  public func wait(sourceLocation: SourceLocation = #_sourceLocation) throws {
    process.waitUntilExit()
    watch?.cancel()
    if hangs.isUp {
      Issue.record("killed: it hung. \(try outputFile.text()) \(try errorFile.text())", sourceLocation: sourceLocation)
    }
    exitCode = process.terminationStatus
    output = try outputFile.text()
    errors = try errorFile.text()
  }

  /// Waits until `condition` holds. It is an issue if the program ends before.
  public func waitUntil(sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool) throws {
    while try !condition() {
      if !process.isRunning, try !condition() {
        let said = "\(try outputFile.text()) \(try errorFile.text())"
        Issue.record("it ended before what was waited for: \(said)", sourceLocation: sourceLocation)
        return
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  /// What it has written so far.
  public func outputSoFar() throws -> String { try outputFile.text() }

  /// Waits until it has written `text`. It is an issue if the program ends before.
  public func waitFor(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try waitUntil(sourceLocation: sourceLocation) { try outputSoFar().contains(text) }
  }

  /// Its process.
  public var id: Int32 { process.processIdentifier }

  /// Sends a signal to it, or to the `mpirun` that runs it.
  public func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// The lines of its errors that contain `text`.
  public func lines(containing text: String) -> [String] {
    errors.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains(text) }
  }

  /// Runs a shell command and returns its exit code.
  public static func shell(_ command: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Whether there is an `mpirun`.
  public static let hasMPI = path(of: "mpirun") != nil

  /// Where an executable of this package is.
  public static func path(ofProduct name: String) -> String { products.appendingPathComponent(name).path }

  /// Where the shell would find a program.
  public static func path(of program: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// What `mpirun` needs as root, with more ranks than cores, and without ssh; and that it ends failed jobs soon.
  private static let container = [
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_plm_rsh_agent": "", "OMPI_MCA_odls_base_sigkill_timeout": "1",
  ]

  /// Where the package's executables are: beside the test bundle.
  private static let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
}

/// A file rather than a pipe: what a killed rank left open cannot keep us reading.
private final class TemporaryFile {
  private let url = FileManager.default.temporaryDirectory.appendingPathComponent("program-\(UUID().uuidString)")
  let handle: FileHandle

  init() throws {
    try Data().write(to: url)
    handle = try FileHandle(forWritingTo: url)
  }

  func text() throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }

  deinit { try? FileManager.default.removeItem(at: url) }
}
