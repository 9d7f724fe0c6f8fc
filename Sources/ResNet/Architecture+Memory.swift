public import Compute

extension Architecture {
  /// Bytes of the tensors that a ``Network`` works in, as its layers take them from their ``MemoryPlan``, without
  /// taking any. In training each layer keeps its output for backward; evaluation only uses the working buffers again
  /// and again.
  ///
  /// What does not grow with the images is left out, batch normalization's coefficients and packed weights, and so are
  /// the logits.
  ///
  /// - Parameters:
  ///   - imageSize: side of the images, in pixels.
  ///   - images: of the largest batch.
  public func activationBytes(imageSize: Int, images: Int, precision: Precision, training: Bool) -> Int {
    let convolutions = convolutions(imageSize: imageSize)
    guard let stem = convolutions.first else { return 0 }
    let pooled = ((stem.output.height - 1) / 2 + 1) * ((stem.output.width - 1) / 2 + 1) * Self.stemWidth
    // Values in the activations' precision: the framed images, and four buffers as large as the largest activation.
    let body = convolutions.dropFirst()
    let largest = body.reduce(stem.output.count) { max($0, $1.input.count, $1.output.count) }
    var values = stem.input.count + 4 * largest
    if training {
      // Every convolution's output, the pooled one's, and of each bottleneck the sum behind its last convolution.
      let sums = body.filter { $0.name.hasSuffix("conv3") }
      values += pooled + (convolutions + sums).reduce(0) { $0 + $1.output.count }
    }
    // The images and the head are fp32; for each pooled value a byte says where it was largest.
    let head = 4 * 2 * features + features + 4 * Self.hidden
    let floats = 3 * imageSize * imageSize + head
    return images * (values * precision.bytes + floats * MemoryLayout<Float>.size + pooled)
  }
}
