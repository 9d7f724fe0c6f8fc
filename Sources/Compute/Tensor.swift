/// The extents of a tensor, outermost first: images, height, width, channels. Vectors per image, such as logits, have
/// height and width 1.
public struct Shape: Equatable, Sendable, CustomStringConvertible {
  public var images: Int
  public var height: Int
  public var width: Int
  public var channels: Int

  public init(_ images: Int, _ height: Int, _ width: Int, _ channels: Int) {
    (self.images, self.height, self.width, self.channels) = (images, height, width, channels)
  }

  /// Pixels of all images: the rows of the tensor seen as a matrix of `channels` columns.
  public var rows: Int { images * height * width }
  /// Floats.
  public var count: Int { rows * channels }
  public var description: String { "[\(images), \(height), \(width), \(channels)]" }
}

/// Floats seen as `[N, H, W, C]`, channels contiguous. A view: it does not own its memory, an ``Arena`` does, and must
/// outlive it.
///
/// Two threads may hold the same tensor, and must write disjoint parts of it; that is the promise behind `Sendable`.
public struct Tensor: @unchecked Sendable {
  public let data: UnsafeMutablePointer<Float>
  public let shape: Shape

  public init(_ data: UnsafeMutablePointer<Float>, _ shape: Shape) {
    self.data = data
    self.shape = shape
  }

  /// The same memory, its first `images` images only.
  public func prefix(_ images: Int) -> Tensor {
    precondition(images <= shape.images, "\(images) images of \(shape)")
    var part = shape
    part.images = images
    return Tensor(data, part)
  }

  /// Its floats.
  public var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: data, count: shape.count) }
}
