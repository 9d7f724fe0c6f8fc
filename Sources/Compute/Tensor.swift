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
  /// Values.
  public var count: Int { rows * channels }
  public var description: String { "[\(images), \(height), \(width), \(channels)]" }
}

/// Values seen as `[N, H, W, C]`, channels contiguous. A view: it does not own its memory, an ``Arena`` does, and must
/// outlive it.
///
/// Two threads may hold the same tensor, and must write disjoint parts of it; that is the promise behind `Sendable`.
public struct Tensor: @unchecked Sendable {
  public let memory: UnsafeMutableRawPointer
  public let shape: Shape
  public let precision: Precision

  public init(_ memory: UnsafeMutableRawPointer, _ shape: Shape, _ precision: Precision = .fp32) {
    self.memory = memory
    self.shape = shape
    self.precision = precision
  }

  /// The same memory, its first `images` images only.
  public func prefix(_ images: Int) -> Tensor {
    precondition(images <= shape.images, "\(images) images of \(shape)")
    var part = shape
    part.images = images
    return Tensor(memory, part, precision)
  }

  /// The same memory, some images only.
  public func images(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.images, "images \(range) of \(shape)")
    var part = shape
    part.images = range.count
    let each = shape.height * shape.width * shape.channels * precision.bytes
    return Tensor(memory + range.lowerBound * each, part, precision)
  }

  /// The first value of a tensor in fp32.
  public var data: UnsafeMutablePointer<Float> {
    precondition(precision == .fp32, "the floats of a tensor in \(precision)")
    return memory.assumingMemoryBound(to: Float.self)
  }

  /// The values of a tensor in fp32.
  public var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: data, count: shape.count) }

  /// The value at a place, counted through all images, whatever it is stored in.
  public subscript(place: Int) -> Double {
    switch precision {
    case .fp32: Double(data[place])
    case .bf16:
      Double(Float(bitPattern: UInt32(memory.load(fromByteOffset: 2 * place, as: UInt16.self)) << 16))
    }
  }
}
