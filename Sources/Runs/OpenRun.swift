import Files
import Foundation
public import PlanetData
public import Recipes

/// A run's folder that this process alone writes to, until this object goes. A folder is
///
/// - held, while a process trains into it: others end with `FileError.busy`;
/// - empty: any run may begin in it;
/// - interrupted: `state.safetensors` is there, and a resumed run goes on from it; nothing else may begin;
/// - finished: stages are saved in it. Others may follow them; they are trained again only if the user says so.
///
/// Whoever trains locks first and looks then, so that of two who come at the same moment one is refused.
public final class OpenRun: Sendable {
  public enum Content: Equatable, Sendable { case empty, interrupted, finished }

  public let folder: RunFolder
  private let lock: FolderLock

  /// Makes the folder, if needed, and locks it.
  public init(_ path: String) throws {
    lock = try FolderLock(path)
    folder = RunFolder(path)
    try folder.checkLinks()
  }

  /// What the folder holds.
  public var content: Content {
    if FileManager.default.fileExists(atPath: folder.state) { return .interrupted }
    return folder.savedStages.isEmpty ? .empty : .finished
  }

  /// Throws unless a run of these stages may begin here.
  ///
  /// - Parameter overwrite: whether saved stages may be trained again.
  public func admit(_ stages: [String], overwrite: Bool) throws {
    if content == .interrupted {
      throw RunError.unfinishedRun(
        folder: folder.path, progress: try SavedState.read(folder.state).run.position)
    }
    let saved = folder.savedStages
    let again = stages.filter { saved.contains($0) }
    if !overwrite && !again.isEmpty { throw RunError.alreadyTrained(folder: folder.path, stages: again) }
  }

  /// Whether all stages of a recipe are trained and saved here.
  ///
  /// - Throws: ``RunError/otherRecipe(path:differences:)`` if one was trained by another recipe.
  public func holds(_ recipe: Configuration) throws -> Bool {
    let saved = folder.savedStages
    guard content == .finished, recipe.stages.allSatisfy({ saved.contains($0.name) }) else { return false }
    for stage in recipe.stages {
      let model = try ModelFile(path: folder.model(stage.name))
      let differences = model.recipe.map { recipe.only(stage.name).differences(from: $0.only(stage.name)) } ?? []
      if !differences.isEmpty { throw RunError.otherRecipe(path: model.path, differences: differences) }
    }
    return true
  }

  /// What the interrupted run here trains, and on what: `recipe.yaml`, or else its state, says the one, its state the
  /// other.
  public func interrupted() throws -> InterruptedRun {
    let state = try SavedState.read(folder.state).run
    guard FileManager.default.fileExists(atPath: folder.recipe)
    else { return InterruptedRun(recipe: state.configuration, data: state.data?.place) }
    let recipe = try RecipeFile.parse(RecipeFile.read(folder.recipe), path: folder.recipe)
    return InterruptedRun(recipe: recipe, data: state.data?.place)
  }
}

/// What an interrupted run is resumed with where options do not say otherwise.
public struct InterruptedRun: Codable, Equatable, Sendable {
  public let recipe: Configuration
  /// Nil in states that were saved before they said.
  public let data: DataLocation?
}

/// Which folder it is.
extension OpenRun {
  /// Where runs go that name no folder; if it is taken, to `runs/planet-2` and so on.
  public static let standard = "runs/planet"

  /// Opens the folder for a run that begins: the one named; or else the newest that has the stage `from`; or else the
  /// first that is neither held nor finished.
  public static func begin(named: String?, from: String?, standard: String = OpenRun.standard) throws -> OpenRun {
    if let named { return try OpenRun(named) }
    if let from {
      if let run = newestFirst(of: standard, with: { $0.model(from) }).first { return try OpenRun(run) }
      guard FileManager.default.fileExists(atPath: from)
      else { throw RunError.noModel(name: from, searched: [RunFolder(standard).model(from), from]) }
    }
    var number = 1
    while true {
      do {
        let run = try OpenRun(number == 1 ? standard : "\(standard)-\(number)")
        if run.content != .finished { return run }
      } catch FileError.busy {}
      number += 1
    }
  }

  /// Opens the folder of an interrupted run: the one named, or else the newest.
  public static func resume(named: String?, standard: String = OpenRun.standard) throws -> OpenRun {
    for path in named.map({ [$0] }) ?? newestFirst(of: standard, with: \.state) {
      guard FileManager.default.fileExists(atPath: RunFolder(path).state) else { continue }
      do {
        let run = try OpenRun(path)
        if run.content == .interrupted { return run }
      } catch FileError.busy where named == nil {}
    }
    throw RunError.nothingToResume(folder: named ?? standard)
  }

  /// Those of `runs/planet`, `runs/planet-2`, … that have a file, the one with the newest first.
  private static func newestFirst(of standard: String, with file: (RunFolder) -> String) -> [String] {
    let (parent, name) = (FilePath.folder(of: standard), FilePath.name(of: standard))
    let runs = ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).filter { run in
      run == name || run.begins(with: name + "-") && Int(run.dropFirst(name.count + 1)) != nil
    }
    let dated = runs.compactMap { run in
      let path = FilePath.join(parent, run)
      var status = stat()
      return unsafe stat(file(RunFolder(path)), &status) == 0
        ? (path: path, time: (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)) : nil
    }
    return dated.sorted { $0.time > $1.time }.map(\.path)
  }
}
