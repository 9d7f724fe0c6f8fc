import Dispatch
import Synchronization

/// Writes the training state to the disk while training goes on; on the ranks that keep it.
final class BackgroundSave: Sendable {
  private let queue = DispatchQueue(label: "saving")
  private let failure = Mutex<(any Error)?>(nil)

  /// Begins to write a state.
  func begin(_ copy: StateCopy, to paths: [String]) {
    queue.async { [self] in
      do { try copy.write(to: paths) } catch { failure.withLock { $0 = error } }
    }
  }

  /// Returns once what was begun is written, or throws why it could not be.
  func finish() throws {
    queue.sync {}
    try failure.withLock { failure in
      defer { failure = nil }
      if let failure { throw failure }
    }
  }
}
