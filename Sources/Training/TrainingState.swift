import Checkpoints
import Collectives
import Compute
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
}

/// `state.safetensors`, from which `--resume` continues: the arenas as they are in memory, and a ``SavedRun`` in the
/// metadata. Rank 0 alone reads and writes it.
enum TrainingState {
  private static let key = "run"

  /// Reads and checks what the file says, without its tensors' values being used yet.
  static func read(_ path: String) throws -> (run: SavedRun, file: TensorFile) {
    let file = try SafeTensors.read(path)
    guard let text = file.metadata[key], let run = try? JSONDecoder().decode(SavedRun.self, from: Data(text.utf8))
    else { throw TrainingError.badFile(path: path, reason: "its metadata do not describe an interrupted run") }
    guard file.metadata["format"] == ModelFile.format
    else { throw TrainingError.badFile(path: path, reason: "it is of another version of planet-dist") }
    let p = run.progress
    let counts = 0...Int(Int32.max)
    guard run.configuration.stages.indices.contains(p.stage),
      (0...max(0, run.configuration.stages[p.stage].epochs)).contains(p.epoch), counts.contains(p.stepInEpoch),
      counts.contains(p.optimizerStep),
      (p.history.map(\.seconds) + [p.secondsInEpoch] + p.phases.named.map(\.duration.seconds)).allSatisfy({
        (0...1e9).contains($0)
      })
    else { throw TrainingError.badFile(path: path, reason: "its progress is not within its stages") }
    return (run, file)
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
        else { throw TrainingError.badFile(path: file.path, reason: "it has no \(name) for this network") }
        _ = arena.update(fromContentsOf: values)
      }
      for (name, arena) in own {
        let count = file.tensors[name]?.values.count ?? 0
        guard count > 0, count % arena.count == 0
        else { throw TrainingError.badFile(path: file.path, reason: "it has no \(name) for this network") }
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
