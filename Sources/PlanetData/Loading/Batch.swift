/// Images ready for the network, with their targets.
///
/// `Sendable`: the loader's threads write disjoint parts before the batch is handed out; afterwards it is only read.
@safe public final class Batch: @unchecked Sendable {
  /// Which images these are: indices into the dataset.
  public let indices: [Int]
  /// Side of the images.
  public let size: Int
  /// One for a label the image has, zero for others, or what ``Mixup`` made of them: `[n, labels]`.
  public let targets: [Float]

  private let storage: UnsafeMutableBufferPointer<Float>

  /// A batch of images that come from no file: `fill` writes them, `[n, size, size, 3]`.
  public init(
    _ indices: [Int], targets: [Float], size: Int, fill: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.indices = indices
    self.size = size
    self.targets = targets
    unsafe storage = .allocate(capacity: indices.count * size * size * 3)
    unsafe fill(storage)
  }

  init(_ load: BatchLoad, of samples: [Sample], labels: Int, size: Int) {
    indices = load.indices
    self.size = size
    var targets = [Float](repeating: 0, count: indices.count * labels)
    for (row, index) in indices.enumerated() {
      let partner = load.partner(row)
      for label in samples[index].targets { targets[row * labels + label] += 1 - (partner?.weight ?? 0) }
      guard let partner else { continue }
      for label in samples[partner.index].targets { targets[row * labels + label] += partner.weight }
    }
    self.targets = targets
    unsafe storage = .allocate(capacity: indices.count * size * size * 3)
  }

  deinit { unsafe storage.deallocate() }

  public var count: Int { indices.count }

  /// The images, normalized, `[n, size, size, 3]`, for as long as `body` runs.
  public func withImages<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
    try unsafe body(UnsafeBufferPointer(storage))
  }

  /// Where image `position` of the batch goes, `[size, size, 3]`.
  func room(at position: Int) -> UnsafeMutableBufferPointer<Float> {
    let length = size * size * 3
    return unsafe UnsafeMutableBufferPointer(rebasing: storage[position * length..<(position + 1) * length])
  }
}
