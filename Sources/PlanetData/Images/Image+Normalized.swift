extension Image {
  /// The picture that normalized values stand for: denormalized, clamped to `0...1`, rounded to 8 bits. What fastai's
  /// `show_batch` shows.
  ///
  /// - Parameter values: `[height, width, 3]`, as ``Renderer`` writes them.
  public init(width: Int, height: Int, normalized values: UnsafeBufferPointer<Float>) {
    precondition(values.count == width * height * 3, "\(values.count) values for \(height) × \(width) × 3")
    self.init(
      width: width, height: height,
      pixels: values.indices.map { i in
        let value = unsafe values[i] * ImageNet.std[i % 3] + ImageNet.mean[i % 3]
        return UInt8((max(0, min(value, 1)) * 255).rounded())
      })
  }
}

extension Batch {
  /// Image `position` of the batch, as the network sees it.
  public func image(at position: Int) -> Image {
    unsafe withImages { values in
      let length = size * size * 3
      return unsafe Image(
        width: size, height: size,
        normalized: UnsafeBufferPointer(rebasing: values[position * length..<(position + 1) * length]))
    }
  }
}
