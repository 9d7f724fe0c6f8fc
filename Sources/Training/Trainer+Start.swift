import Checkpoints
import Collectives
import Files
import Foundation
import Inference
import PlanetData
import Recipes
import ResNet
import Runs

extension Trainer {
  /// Sets the weights all ranks begin with; rank 0 reads their file.
  ///
  /// - Returns: the state to continue from, its file on rank 0 only, if this run resumes.
  func prepare(_ start: Start) throws -> (run: SavedRun, file: TensorFile?)? {
    try communicator.agree {
      guard let copy = secondCopy?.run else { return }
      if start != .resume { try copy.admit(configuration.stages.map(\.name), overwrite: false) }
      copy.folder.removeLeftovers()
      try AtomicFile.reserve(copy.folder.state)
    }
    if start == .resume { return try resume() }
    try communicator.onRoot { try history.begin() }
    try load(start)
    try communicator.onRoot {
      folder.removeLeftovers()
      for path in [folder.state, folder.model("")] { try AtomicFile.reserve(path) }
      try begin()
    }
    return nil
  }

  /// Sets all ranks' weights and statistics to those of a file that rank 0 reads, or to random ones.
  func load(_ start: Start) throws {
    try communicator.onRoot {
      parameters.initialize(seed: UInt64(configuration.seed))
      switch start {
      case .pretrained(let path): try PretrainedBody.load(path, into: parameters)
      case .model(let path):
        let model = try ModelFile(path: path)
        try model.check(architecture: configuration.arch)
        try model.check(labels: dataset.labels)
        model.load(into: parameters)
        follow(model)
      case .random, .resume: break
      }
    }
    try replica.broadcast()
  }

  /// Notes, on rank 0, which images the weights were trained on before this run. Those must not judge them later.
  private func follow(_ model: ModelFile) {
    let seen = Set(model.origin.trained(among: dataset.names)).intersection(dataset.valid).count
    if seen > 0 {
      onEvent(
        .note(
          .sawValidation(
            path: model.path, seen: seen, valid: dataset.valid.count, validPct: model.origin.validPct,
            splitSeed: model.origin.splitSeed)))
    }
    origin = origin.following(model.origin, among: dataset.names)
  }

  private func resume() throws -> (run: SavedRun, file: TensorFile?) {
    var file: TensorFile?
    let run = try communicator.fromRoot {
      let state = try SavedState.read(folder.state)
      let differences = configuration.differences(from: state.run.configuration)
      guard differences.isEmpty else {
        throw RunError.otherConfiguration(path: folder.path, differences: differences)
      }
      guard state.run.fingerprint == dataset.fingerprint else { throw RunError.otherData(path: folder.state) }
      folder.removeLeftovers()
      try history.begin()
      // If the run was killed between saving the state and the table, the table lacks a row.
      try history.write(state.run.progress.history)
      progress = state.run.progress
      if let before = state.run.rounding, before != worker.rounding {
        onEvent(.note(.roundsOtherwise(now: worker.rounding, before: before)))
      }
      if let before = state.run.data { origin = origin.following(before, among: dataset.names) }
      try begin()
      file = state.file
      return state.run
    }
    progress = run.progress
    return (run, file)
  }

  /// Writes, on rank 0, what is about to be trained: the recipe, and the log's beginning.
  private func begin() throws {
    // Results of these stages can only be an earlier run's in the same folder.
    for stage in configuration.stages[progress.stage...] {
      try? FileManager.default.removeItem(atPath: folder.result(stage.name))
    }
    try AtomicFile.write(RecipeFile.text(configuration), to: folder.recipe)
    try log.begin(configuration.stages, at: progress, stepsPerEpoch: stepsPerEpoch)
  }
}
