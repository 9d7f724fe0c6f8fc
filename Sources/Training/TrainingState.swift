import Checkpoints
import Collectives
import Compute
import Files
import Foundation
import Recipes
import ResNet
import Runs
import Scores

/// What all ranks hold of a run, at one moment, as ``SavedState`` reads it.
struct StateCopy: Sendable {
  let run: SavedRun
  let tensors: [(name: String, tensor: StoredTensor)]

  func write(to paths: [String]) throws {
    let json = String(decoding: try JSONEncoder().encode(run), as: UTF8.self)
    for path in paths {
      try SafeTensors.write(tensors, metadata: ["format": ModelFile.format, SavedState.key: json], to: path)
    }
  }
}

/// Copies what all ranks hold of a run, and gives it back to them.
enum TrainingState {
  /// A copy of what all ranks hold, on the ranks that keep one; nil elsewhere. Collective: each rank sends its running
  /// statistics, which with the recipe's `batch_norm: local` are its own.
  ///
  /// - Parameter run: rank 0's.
  static func copy(_ run: SavedRun, _ learner: Learner, keepers: Set<Int>, communicator: Communicator) throws
    -> StateCopy?
  {
    var ownTensors: [(name: String, tensor: StoredTensor)] = []
    for own in ownFloats(learner) {
      var bytes = try unsafe communicator.gather([UInt8](UnsafeRawBufferPointer(own.values))).map { Array($0.joined()) }
      if keepers != [0] { bytes = try communicator.broadcast(bytes ?? []) }
      let values = unsafe bytes?.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) } ?? []
      ownTensors.append((own.name, StoredTensor(shape: [values.count / own.count, own.count], values: values)))
    }
    let run = keepers == [0] ? run : try communicator.fromRoot { run }
    guard keepers.contains(communicator.rank) else { return nil }
    let shared = sharedFloats(learner).map {
      (name: $0.name, tensor: StoredTensor(shape: [$0.count], values: unsafe Array($0.values)))
    }
    return StateCopy(run: run, tensors: shared + ownTensors)
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
