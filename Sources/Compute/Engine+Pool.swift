import CKernels

/// The network's two poolings.
extension Engine {
  /// `torch.nn.MaxPool2d(3, 2, 1)` of ReLU of normalized z; `argmax` (a byte for each output) remembers the largest tap.
  public func maxPool(_ z: Tensor, normalizing affine: Affine, into y: Tensor, argmax: UnsafeMutablePointer<UInt8>) {
    threads.split(z.shape.images) { _, images in
      kernels.table(z.precision).pointee.max_pool(
        z.memory, affine.scale, affine.shift, Int32(z.shape.height), Int32(z.shape.width), Int32(z.shape.channels),
        y.memory, argmax, images.lowerBound, images.upperBound)
    }
  }

  /// The max pooling's gradient by its input after ReLU: each dy goes to the tap that `argmax` remembers. Replaces dx.
  public func maxPoolBackward(_ dy: Tensor, argmax: UnsafePointer<UInt8>, into dx: Tensor) {
    threads.split(dx.shape.images) { _, images in
      kernels.table(dx.precision).pointee.max_pool_backward(
        dy.memory, argmax, Int32(dx.shape.height), Int32(dx.shape.width), Int32(dx.shape.channels), dx.memory,
        images.lowerBound, images.upperBound)
    }
  }

  /// fastai's `AdaptiveConcatPool2d(1)`: `[N, H, W, C]` to `[N, 2C]` in fp32, maxima first; `argmax` (`[N, C]`)
  /// remembers the largest pixel.
  public func concatPool(_ x: Tensor, into y: Tensor, argmax: UnsafeMutablePointer<Int32>) {
    threads.split(x.shape.images) { _, images in
      kernels.table(x.precision).pointee.concat_pool(
        x.memory, Int32(x.shape.height * x.shape.width), Int32(x.shape.channels), y.data, argmax, images.lowerBound,
        images.upperBound)
    }
  }

  /// The gradient of ``concatPool(_:into:argmax:)`` by x. Replaces dx.
  public func concatPoolBackward(_ dy: Tensor, argmax: UnsafePointer<Int32>, into dx: Tensor) {
    threads.split(dx.shape.images) { _, images in
      kernels.table(dx.precision).pointee.concat_pool_backward(
        dy.data, argmax, Int32(dx.shape.height * dx.shape.width), Int32(dx.shape.channels), dx.memory,
        images.lowerBound, images.upperBound)
    }
  }
}
