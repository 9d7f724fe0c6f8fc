import Foundation

/// Decodes and renders batches ahead of their use, on threads of its own, and delivers them in order.
///
/// What a batch holds depends on none of the threads' number, their timing or `depth`. For one consumer at a time.
/// Letting go of the loader, early or late, stops its threads and waits for them: at most one image's time.
public final class BatchLoader {
  private let queue: LoaderQueue
  /// How many batches are worked on or kept ready, unless something else is asked for.
  public static let depth = 3

  /// Starts loading.
  ///
  /// - Parameters:
  ///   - batches: what to load, in order.
  ///   - samples: the dataset's images.
  ///   - labels: number of labels.
  ///   - size: side of the rendered images.
  ///   - augmentation: what to do to an image, by its index; `{ _ in .identity }` for evaluation.
  ///   - threads: how many decode.
  ///   - depth: how many batches to work on or keep ready. Memory is `depth` batches, and those the consumer holds.
  public init(
    _ batches: [BatchLoad], of samples: [Sample], labels: Int, size: Int,
    augmentation: @escaping @Sendable (Int) -> Augmentation, threads: Int = 1, depth: Int = BatchLoader.depth
  ) {
    precondition(threads > 0 && depth > 0, "\(threads) threads, \(depth) batches")
    let queue = LoaderQueue(batches, of: samples, labels: labels, size: size, depth: depth, threads: threads)
    let renderer = Renderer(size: size)
    for _ in 0..<threads {
      Thread.detachNewThread {
        while let load = queue.take() {
          do throws(ImageError) {
            let image = try samples[load.index].decode()
            unsafe renderer.render(image, augmentation(load.index), into: load.room)
            if let partner = load.partner {
              let other = try samples[partner.index].decode()
              unsafe renderer.mix(other, augmentation(partner.index), weight: partner.weight, into: load.room)
            }
            queue.finish(load, nil)
          } catch {
            queue.finish(load, error)
          }
        }
      }
    }
    self.queue = queue
  }

  deinit { queue.stop() }

  /// The next batch, or nil after the last. Waits until it is ready.
  ///
  /// - Throws: for the first image of the batch that cannot be used. A further call goes on with the batch after it.
  public func next() throws(ImageError) -> Batch? { try queue.next() }
}
