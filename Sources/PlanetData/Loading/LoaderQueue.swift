import Foundation

/// The meeting point of a ``BatchLoader`` and its threads: images to load on one side, finished batches on the other.
///
/// `Sendable`: whatever changes is read and written with the condition held.
final class LoaderQueue: @unchecked Sendable {
  /// One image to load.
  @safe struct ImageLoad {
    let batch: Int
    let position: Int
    /// Its place in the dataset.
    let index: Int
    let partner: Mixup.Partner?
    /// Memory of the batch, which the queue keeps until the image is finished.
    let room: UnsafeMutableBufferPointer<Float>
  }

  /// A batch in the making.
  private struct Slot {
    let batch: Batch
    var remaining: Int
    var failure: (position: Int, error: ImageError)?
  }

  private let batches: [BatchLoad]
  private let samples: [Sample]
  private let labels: Int
  private let size: Int
  private let depth: Int

  // Everything below is read and written with the condition held. Each change that a thread may wait for is broadcast.
  private let condition = NSCondition()
  private var slots: [Int: Slot] = [:]
  private var delivered = 0
  private var opened = 0
  private var nextPosition = 0
  private var threads: Int
  private var stopped = false

  init(_ batches: [BatchLoad], of samples: [Sample], labels: Int, size: Int, depth: Int, threads: Int) {
    (self.batches, self.samples, self.labels, self.size) = (batches, samples, labels, size)
    (self.depth, self.threads) = (depth, threads)
  }

  /// Waits until there is room for another image, and returns it; nil when the thread is to end. All threads work on the
  /// images of one batch.
  func take() -> ImageLoad? {
    condition.lock()
    defer { condition.unlock() }
    while !stopped {
      if opened > 0, let slot = slots[opened - 1], nextPosition < slot.batch.count {
        defer { nextPosition += 1 }
        return unsafe ImageLoad(
          batch: opened - 1, position: nextPosition, index: slot.batch.indices[nextPosition],
          partner: batches[opened - 1].partner(nextPosition), room: slot.batch.room(at: nextPosition))
      }
      if opened == batches.count { break }
      if opened < delivered + depth { open() } else { condition.wait() }
    }
    threads -= 1
    condition.broadcast()
    return nil
  }

  private func open() {
    let batch = Batch(batches[opened], of: samples, labels: labels, size: size)
    slots[opened] = Slot(batch: batch, remaining: batch.count)
    opened += 1
    nextPosition = 0
    condition.broadcast()
  }

  /// Notes that an image is in its place, or why it is not.
  func finish(_ load: ImageLoad, _ error: ImageError?) {
    condition.lock()
    defer { condition.unlock() }
    guard var slot = slots[load.batch] else { return }
    slot.remaining -= 1
    if let error, slot.failure.map({ load.position < $0.position }) ?? true { slot.failure = (load.position, error) }
    slots[load.batch] = slot
    if slot.remaining == 0 { condition.broadcast() }
  }

  /// The next batch in order, once all of it is there.
  func next() throws(ImageError) -> Batch? {
    condition.lock()
    defer { condition.unlock() }
    guard delivered < batches.count else { return nil }
    while true {
      if let slot = slots[delivered], slot.remaining == 0 {
        slots[delivered] = nil
        delivered += 1
        condition.broadcast()
        if let failure = slot.failure { throw failure.error }
        return slot.batch
      }
      condition.wait()
    }
  }

  /// Ends the threads and waits until they have.
  func stop() {
    condition.lock()
    defer { condition.unlock() }
    stopped = true
    condition.broadcast()
    while threads > 0 { condition.wait() }
  }
}
