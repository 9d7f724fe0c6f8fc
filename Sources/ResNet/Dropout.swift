import Compute

/// `torch.nn.Dropout`: zeroes a fraction of the values in training and scales up the rest.
///
/// What is dropped is a function of (seed, step, image), so neither ranks nor batch boundaries change it.
@safe struct Dropout {
  private let keep: UnsafeMutablePointer<Float>
  private let width: Int

  init(batch: Int, width: Int, arena: Arena) {
    unsafe keep = arena.allocate(batch * width)
    self.width = width
  }

  /// Draws `rate` of each image's values to drop, and drops them from x.
  func forward(_ x: Tensor, rate: Float, sources: inout [RandomSource]) {
    let scale = 1 / (1 - rate)
    for n in 0..<x.shape.images {
      for i in n * width..<(n + 1) * width {
        unsafe keep[i] = sources[n].uniform() < rate ? 0 : scale
        unsafe x.data[i] *= keep[i]
      }
    }
  }

  /// The gradient by its input, in place.
  func backward(_ dy: Tensor) {
    for i in 0..<dy.shape.count { unsafe dy.data[i] *= keep[i] }
  }
}
