public import Collectives
import Files
import Foundation
public import PlanetData
import Runs

extension Predictor {
  public enum Outcome: Equatable, Sendable {
    case finished
    /// Stopped by a signal, with what is done saved in this file.
    case stopped(String)
  }

  /// Writes a submission about images. Collective; rank 0 writes, all or nothing.
  ///
  /// What is done is saved in `PATH.partial` now and then, and when this stops or fails: the next call for the same
  /// images, networks and views goes on from there, on any number of ranks, and ends with the same bytes.
  ///
  /// - Parameters:
  ///   - submission: what to write; on rank 0.
  ///   - saveEvery: how often.
  ///   - stop: whether this rank was asked to stop.
  ///   - onProgress: told on rank 0 how many of how many looks at images are done, first of what an earlier call has
  ///     done.
  ///   - onWarning: told on rank 0 if what is done cannot be saved after a failure.
  public func predict(
    _ samples: [Sample], as submission: Submission, to path: String, saveEvery: Duration = .seconds(10),
    stop: () -> Bool = { StopSignals.isSet }, onProgress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    onWarning: (String) -> Void = { _ in }
  ) throws -> Outcome {
    var names = Fingerprint()
    for sample in samples { names.add(sample.name) }
    try communicator.verifyIdentical(names.value, what: "list of images")
    try communicator.verifySameImages(samples)
    let (isWriter, passes) = (communicator.rank == 0, looks.count)
    let file = PredictionFile(
      path: path + ".partial", identity: identity(names), passes: passes, images: samples.count,
      labels: labels.count)
    var progress = PredictionProgress(images: samples.count, labels: labels.count)
    try communicator.onRoot {
      try AtomicFile.reserve(path)
      progress = try file.read() ?? progress
    }
    progress = try progress.shared(communicator)

    StopSignals.saveFirst()
    var saved = ContinuousClock.now
    func report(_ progress: PredictionProgress) {
      if isWriter { onProgress(progress.passes * samples.count + progress.images, passes * samples.count) }
    }
    report(progress)
    do {
      let isDone = try run(Array(samples.indices), of: samples, from: &progress, stop: stop) { progress, _ in
        report(progress)
        guard isWriter, ContinuousClock.now - saved >= saveEvery else { return }
        try file.write(progress)
        saved = .now
      }
      guard isDone else {
        try communicator.onRoot { try file.write(progress) }
        return .stopped(file.path)
      }
    } catch {
      if isWriter, progress.passes + progress.images > 0 {
        do { try file.write(progress) } catch let failure { onWarning(RunError.lost(failure)) }
      }
      throw error
    }
    try communicator.onRoot {
      try AtomicFile.write(submission.text(samples, labels: labels, probabilities: progress.sums), to: path)
      file.remove()
    }
    return .finished
  }
}
