import Checkpoints
import Collectives
import Compute
import Files
import Foundation
import ResNet

/// How far a run has come.
struct Progress: Codable, Equatable {
  /// Index into the configuration's stages.
  var stage = 0
  /// Epochs of the stage that are trained and evaluated.
  var epoch = 0
  /// Steps of the next epoch that are trained: the position in its order.
  var stepInEpoch = 0
  /// Updates the stage's optimizer has made.
  var optimizerStep = 0
  /// Time already spent on the next epoch.
  var secondsInEpoch = 0.0
  /// Where the stage's time went.
  var phases = Phases()
  var smoothedLoss = SmoothedLoss()
  var history: [HistoryRow] = []
}

/// What a state says about the run it belongs to.
struct SavedRun: Codable {
  var progress: Progress
  var configuration: Configuration
  var labels: [String]
  /// Of the dataset.
  var fingerprint: UInt64
  /// Nil in states of before they said.
  var data: DataOrigin?

  /// For people: "stage-2-rn50, epoch 3, step 17".
  var position: String {
    "\(configuration.stages[progress.stage].name), epoch \(progress.epoch), step \(progress.stepInEpoch)"
  }

  /// Whether every number is one that a run can have come to: sums and products of others might overflow.
  var isPlausible: Bool {
    let (p, counts, seconds) = (progress, 0...Int(Int32.max), 0...1e9)
    guard configuration.isPlausible, configuration.stages.indices.contains(p.stage) else { return false }
    return (0...configuration.stages[p.stage].epochs).contains(p.epoch)
      && [p.stepInEpoch, p.optimizerStep, p.smoothedLoss.count].allSatisfy(counts.contains)
      && p.history.map(\.epoch).allSatisfy(counts.contains)
      && ([p.secondsInEpoch] + p.history.map(\.seconds) + p.phases.named.map(\.duration.seconds)).allSatisfy(
        seconds.contains)
  }
}

/// `state.safetensors`, from which `--resume` continues: the arenas as they are in memory, and a ``SavedRun`` in the
/// metadata. Rank 0 alone reads and writes it.
enum TrainingState {
  private static let key = "run"

  /// Reads and checks what the file says, without its tensors' values being used yet.
  ///
  /// - Throws: ``TrainingError/damagedState(path:reason:saved:)``; ``CheckpointError/file(_:)`` where the system refuses.
  static func read(_ path: String) throws -> (run: SavedRun, file: TensorFile) {
    let file: TensorFile
    do throws(CheckpointError) {
      file = try SafeTensors.read(path)
    } catch .file(.system(let path, let action, let code)) {
      throw CheckpointError.file(.system(path: path, action: action, code: code))
    } catch {
      throw damaged(path, error.reason)
    }
    guard let text = file.metadata[key], let run = try? JSONDecoder().decode(SavedRun.self, from: Data(text.utf8))
    else { throw damaged(path, "its metadata do not describe an interrupted run") }
    guard file.metadata["format"] == ModelFile.format
    else { throw damaged(path, "it is of another version of planet-dist") }
    guard run.isPlausible else { throw damaged(path, "no run can have come to such numbers") }
    return (run, file)
  }

  private static func damaged(_ path: String, _ reason: String) -> TrainingError {
    .damagedState(path: path, reason: reason, saved: RunFolder(FilePath.folder(of: path)).savedStages)
  }

  /// Saves the state of all ranks. Collective: each rank sends its running statistics, which with `--batch-norm local`
  /// are its own.
  static func write(_ run: SavedRun, _ learner: Learner, communicator: Communicator, to path: String) throws {
    var ownTensors: [(name: String, tensor: StoredTensor)] = []
    for (name, own) in ownArenas(learner) {
      guard let gathered = try communicator.gather([UInt8](UnsafeRawBufferPointer(own))) else { continue }
      let values = gathered.flatMap { $0.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } }
      ownTensors.append((name, StoredTensor(shape: [gathered.count, own.count], values: values)))
    }
    try communicator.onRoot {
      let json = String(decoding: try JSONEncoder().encode(run), as: UTF8.self)
      let shared: [TensorView] = sharedArenas(learner).map { ($0, [$1.count], UnsafeBufferPointer($1)) }
      try SafeTensors.withViews(of: ownTensors) { (own) throws(CheckpointError) in
        try SafeTensors.write(shared + own, metadata: ["format": ModelFile.format, key: json], to: path)
      }
    }
  }

  /// Copies a state into all ranks' replicas. Collective; `file` is rank 0's, nil on the others.
  static func load(_ run: SavedRun, _ file: TensorFile?, into learner: Learner, communicator: Communicator) throws {
    let (shared, own) = (sharedArenas(learner), ownArenas(learner))
    try communicator.agree {
      guard let file else { return }
      for (name, arena) in shared {
        guard let values = file.tensors[name]?.values, values.count == arena.count
        else { throw damaged(file.path, "it has no \(name) for this network") }
        _ = arena.update(fromContentsOf: values)
      }
      for (name, arena) in own {
        let count = file.tensors[name]?.values.count ?? 0
        guard count > 0, count % arena.count == 0
        else { throw damaged(file.path, "it has no \(name) for this network") }
      }
    }
    for (_, arena) in shared { try communicator.broadcast(UnsafeMutableRawBufferPointer(arena)) }
    for (name, arena) in own {
      let bytes = try communicator.broadcast((file?.tensors[name]?.values ?? []).withUnsafeBytes(Array.init))
      // With as many ranks as saved it, each gets its own back; otherwise the first rank's, which are everybody's
      // unless batch normalization was local.
      let stride = arena.count * MemoryLayout<Float>.size
      let row = bytes.count / stride == communicator.size ? communicator.rank : 0
      UnsafeMutableRawBufferPointer(arena).copyBytes(from: bytes[row * stride..<(row + 1) * stride])
    }
    learner.optimizer.step = run.progress.optimizerStep
  }

  /// What is the same on all ranks.
  private static func sharedArenas(_ learner: Learner) -> [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
    var arenas = [
      ("parameters", learner.parameters.values), ("exp_avg", learner.optimizer.firstMoments),
      ("exp_avg_sq", learner.optimizer.secondMoments),
    ]
    if let average = learner.average { arenas.append(("ema.parameters", average.values)) }
    if let best = learner.best {
      arenas += [("best.parameters", best.values), ("best.running_statistics", best.runningStatistics)]
    }
    return arenas
  }

  /// What each rank may have its own of.
  private static func ownArenas(_ learner: Learner) -> [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
    var arenas = [("running_statistics", learner.parameters.runningStatistics)]
    if let average = learner.average { arenas.append(("ema.running_statistics", average.runningStatistics)) }
    return arenas
  }
}
