public import ResNet

/// Why a run, or a file of one, cannot be used.
public enum RunError: Error, Equatable, CustomStringConvertible {
  /// The run folder holds an interrupted run.
  case unfinishedRun(folder: String, progress: String)
  /// Nothing to resume.
  case nothingToResume(folder: String)
  /// Stages to be trained are saved in the run's folder.
  case alreadyTrained(folder: String, stages: [String])
  /// The state of the interrupted run cannot be used. `saved` are the stages that are saved.
  case damagedState(path: String, reason: String, saved: [String])
  /// A folder of a run is a link out of it.
  case leadsOutside(path: String)
  /// The options are not those of the interrupted run.
  case otherConfiguration(path: String, differences: [String])
  /// A saved stage was trained by another recipe than the one that is asked for.
  case otherRecipe(path: String, differences: [String])
  /// The data are not those of the interrupted run.
  case otherData(path: String)
  /// A file of ours lacks what it should hold.
  case badFile(path: String, reason: String)
  /// The model's labels are not the dataset's.
  case otherLabels(path: String, missing: [String], unknown: [String])
  /// The model is another network than the recipe trains.
  case otherArchitecture(path: String, it: Architecture, recipe: Architecture)
  /// A checkpoint given by name is not in the run.
  case noModel(name: String, searched: [String])

  public var description: String {
    switch self {
    case .unfinishedRun(let folder, let progress):
      "\(folder): holds an interrupted run (\(progress))."
    case .nothingToResume(let folder):
      "\(folder): no interrupted run to resume here."
    case .alreadyTrained(let folder, let stages):
      "\(folder): already holds \(stages.joined(separator: ", "))."
    case .damagedState(let path, let reason, _):
      "\(path): the interrupted run's state cannot be used (\(reason))."
    case .leadsOutside(let path):
      "\(path): is a link that leads out of the run's folder, outside which nothing is written."
    case .otherConfiguration(let path, let differences):
      "\(path): the interrupted run had other options (\(differences.joined(separator: "; ")))."
    case .otherRecipe(let path, let differences):
      "\(path): was trained by another recipe (\(differences.joined(separator: "; ")))."
    case .otherData(let path):
      "\(path): the interrupted run saw other data."
    case .badFile(let path, let reason):
      "\(path): \(reason)."
    case .otherLabels(let path, let missing, let unknown):
      "\(path): its labels are not the data's (only in the data: \(Self.list(missing)); only in the model: \(Self.list(unknown)))."
    case .otherArchitecture(let path, let it, let recipe):
      "\(path): is a \(it), and the recipe trains a \(recipe)."
    case .noModel(let name, let searched):
      "\(name): no such checkpoint (looked for \(searched.joined(separator: ", ")))."
    }
  }

  /// The warning when, after another error, saving fails too.
  public static func lost(_ failure: any Error) -> String {
    "warning: what was done since the last save is lost, it could not be saved (\(failure))"
  }

  /// The first of them, and how many there are if those are not all.
  static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let rest = names.count > 20 ? ", … \(names.count) in all" : ""
    return names.prefix(20).joined(separator: ", ") + rest
  }
}
