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
    for own in ownFloats(learner) {
      guard let gathered = try unsafe communicator.gather([UInt8](UnsafeRawBufferPointer(own.values))) else { continue }
      let values = gathered.flatMap { unsafe $0.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) } }
      ownTensors.append((own.name, StoredTensor(shape: [gathered.count, own.count], values: values)))
    }
    try communicator.onRoot {
      let json = String(decoding: try JSONEncoder().encode(run), as: UTF8.self)
      let shared: [TensorView] = unsafe sharedFloats(learner).map {
        unsafe ($0.name, [$0.count], UnsafeBufferPointer($0.values))
      }
      try unsafe SafeTensors.withViews(of: ownTensors) { (own) throws(CheckpointError) in
        try unsafe SafeTensors.write(
          shared + own, metadata: ["format": ModelFile.format, SavedState.key: json], to: path)
      }
    }
  }

  /// Copies a state into all ranks' replicas. Collective; `file` is rank 0's, nil on the others.
  static func load(_ run: SavedRun, _ file: TensorFile?, into learner: Learner, communicator: Communicator) throws {
    let (shared, own) = (sharedFloats(learner), ownFloats(learner))
    try communicator.agree {
      guard let file else { return }
      for floats in shared {
        guard let values = file.tensors[floats.name]?.values, values.count == floats.count
        else { throw SavedState.damaged(file.path, "it has no \(floats.name) for this network") }
        _ = unsafe floats.values.update(fromContentsOf: values)
      }
      for floats in own {
        let count = file.tensors[floats.name]?.values.count ?? 0
        guard count > 0, count % floats.count == 0
        else { throw SavedState.damaged(file.path, "it has no \(floats.name) for this network") }
      }
    }
    // What the ranks of a host share all of them receive: the same bytes.
    for floats in shared where !floats.isShared || communicator.hosts > 1 {
      try unsafe communicator.broadcast(UnsafeMutableRawBufferPointer(floats.values))
    }
    for floats in own {
      let saved = file?.tensors[floats.name]?.values ?? []
      let bytes = try unsafe communicator.broadcast(saved.withUnsafeBytes(Array.init))
      // If as many ranks saved it, each gets its own back. Otherwise all get the first rank's, which were the same on all
      // unless batch normalization was local.
      let stride = floats.count * MemoryLayout<Float>.size
      let row = bytes.count / stride == communicator.size ? communicator.rank : 0
      unsafe UnsafeMutableRawBufferPointer(floats.values).copyBytes(from: bytes[row * stride..<(row + 1) * stride])
    }
    learner.optimizer.step = run.progress.optimizerStep
  }

  /// The parts that are the same on all ranks.
  private static func sharedFloats(_ learner: Learner) -> [NamedFloats] {
    let replica = learner.replica
    let parameters = unsafe NamedFloats("parameters", replica.parameters.values, isShared: replica.isShared)
    var floats = [parameters] + learner.optimizer.state
    if let average = learner.average { floats.append(average.owned.named("ema.parameters")) }
    if let best = learner.best {
      floats += [best.owned.named("best.parameters"), best.statistics.named("best.running_statistics")]
    }
    return floats
  }

  /// The parts that may differ from rank to rank.
  private static func ownFloats(_ learner: Learner) -> [NamedFloats] {
    var floats = unsafe [NamedFloats("running_statistics", learner.parameters.runningStatistics)]
    if let average = learner.average { floats.append(average.statistics.named("ema.running_statistics")) }
    return floats
  }
}
