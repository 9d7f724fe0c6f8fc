import Files
import Foundation
import Recipes

/// Where a run keeps what it makes.
public struct RunFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// The folder for a command that adds pictures or a report to what is in it, also while a run goes on.
  ///
  /// - Throws: ``RunError/leadsOutside(path:)``.
  public static func visit(_ path: String) throws(RunError) -> RunFolder {
    let folder = RunFolder(path)
    try folder.checkLinks()
    return folder
  }

  /// The checkpoint of a stage.
  public func model(_ stage: String) -> String { "\(path)/models/\(stage).safetensors" }
  /// What a resumed run continues from; there while a run is not finished.
  public var state: String { "\(path)/state.safetensors" }
  public var history: String { "\(path)/history.csv" }
  /// Every training step, a ``StepRecord`` per line.
  public var log: String { "\(path)/log.jsonl" }
  /// What a stage came to: a ``StageResult``.
  public func result(_ stage: String) -> String { "\(path)/results/\(stage).json" }
  public var report: String { "\(path)/report.html" }
  /// TensorBoard's event files, a folder for each stage.
  public var tensorboard: String { "\(path)/tensorboard" }
  /// The recipe of the last training run here, with every knob.
  public var recipe: String { "\(path)/recipe.yaml" }

  /// The bytes of a file of a run.
  ///
  /// - Throws: ``RunError/badFile(path:reason:)`` where it cannot be read, or has more than `limit` bytes.
  static func read(_ path: String, limit: Int) throws(RunError) -> [UInt8] {
    do throws(FileError) { return try InputFile.read(path, limit: limit) } catch {
      throw .badFile(path: path, reason: "it cannot be read (\(error.reason))")
    }
  }

  /// The run's log; nil where none of its steps was logged.
  public func readLog() throws(RunError) -> RunLog? {
    FileManager.default.fileExists(atPath: log) ? try RunLog(path: log) : nil
  }

  /// The results of its stages, in the order they were trained in.
  public func readResults() throws -> [StageResult] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path + "/results")) ?? []
    return try files.filter { $0.ends(with: ".json") && !$0.begins(with: ".") }
      .map { try StageResult(path: "\(path)/results/\($0)") }.sorted {
        ($0.date, $0.stage.index) < ($1.date, $1.stage.index)
      }
  }

  /// The stages whose networks are saved here.
  public var savedStages: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path + "/models")) ?? []
    return files.filter { $0.ends(with: ".safetensors") && !$0.begins(with: ".") }.map(FilePath.stem).sorted()
  }

  /// What is saved here: when the state was, and which stages are. It changes when a run gets further; that a resumed run
  /// saves a finished stage again changes nothing.
  public struct Saved: Equatable, Sendable {
    let state: Date?
    let stages: [String]
  }

  public var saved: Saved {
    let attributes = try? FileManager.default.attributesOfItem(atPath: state)
    return Saved(state: attributes?[.modificationDate] as? Date, stages: savedStages)
  }

  /// Refuses folders in it that are links to somewhere else: nothing outside a run's folder is ever written.
  func checkLinks() throws(RunError) {
    let stages = (try? FileManager.default.contentsOfDirectory(atPath: tensorboard)) ?? []
    for part in ["\(path)/models", "\(path)/results", tensorboard] + stages.map({ "\(tensorboard)/\($0)" }) {
      var status = stat()
      guard unsafe lstat(part, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { continue }
      guard let root = resolved(path), let target = resolved(part), target.starts(with: root + "/".utf8)
      else { throw .leadsOutside(path: part) }
    }
  }

  private func resolved(_ path: String) -> [UInt8]? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe Array(String(cString: real).utf8)
  }

  /// Removes what a killed save left behind.
  public func removeLeftovers() {
    for folder in [path, path + "/models", path + "/results"] {
      AtomicFile.removeLeftovers(in: folder) { name in
        [".safetensors", ".csv", ".json", ".jsonl", ".yaml", ".html", ".svg"].contains { name.ends(with: $0) }
      }
    }
  }

  /// The checkpoint that `name` means: a stage of this run, or a file.
  public func find(_ name: String) throws(RunError) -> String {
    let candidates = [model(name), name]
    guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw .noModel(name: name, searched: candidates)
    }
    return found
  }
}
