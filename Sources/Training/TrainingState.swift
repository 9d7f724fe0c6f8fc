import Checkpoints
import Collectives
import Compute
import Files
import Foundation
import Recipes
import ResNet
import Runs
import Scores

/// Saves and restores what all ranks hold of a run, by ``SavedState``.
enum TrainingState {
  /// Saves the state of all ranks. Collective: each rank sends its running statistics, which with the recipe's
  /// `batch_norm: local` are its own.
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
        try SafeTensors.write(shared + own, metadata: ["format": ModelFile.format, SavedState.key: json], to: path)
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
        else { throw SavedState.damaged(file.path, "it has no \(name) for this network") }
        _ = arena.update(fromContentsOf: values)
      }
      for (name, arena) in own {
        let count = file.tensors[name]?.values.count ?? 0
        guard count > 0, count % arena.count == 0
        else { throw SavedState.damaged(file.path, "it has no \(name) for this network") }
      }
    }
    for (_, arena) in shared { try communicator.broadcast(UnsafeMutableRawBufferPointer(arena)) }
    for (name, arena) in own {
      let bytes = try communicator.broadcast((file?.tensors[name]?.values ?? []).withUnsafeBytes(Array.init))
      // If as many ranks saved it, each gets its own back. Otherwise all get the first rank's, which were the same on all
      // unless batch normalization was local.
      let stride = arena.count * MemoryLayout<Float>.size
      let row = bytes.count / stride == communicator.size ? communicator.rank : 0
      UnsafeMutableRawBufferPointer(arena).copyBytes(from: bytes[row * stride..<(row + 1) * stride])
    }
    learner.optimizer.step = run.progress.optimizerStep
  }

  /// The parts that are the same on all ranks.
  private static func sharedArenas(_ learner: Learner) -> [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
    var arenas = [("parameters", learner.parameters.values)] + learner.optimizer.state
    if let average = learner.average { arenas.append(("ema.parameters", average.values)) }
    if let best = learner.best {
      arenas += [("best.parameters", best.values), ("best.running_statistics", best.runningStatistics)]
    }
    return arenas
  }

  /// The parts that may differ from rank to rank.
  private static func ownArenas(_ learner: Learner) -> [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
    var arenas = [("running_statistics", learner.parameters.runningStatistics)]
    if let average = learner.average { arenas.append(("ema.running_statistics", average.runningStatistics)) }
    return arenas
  }
}
