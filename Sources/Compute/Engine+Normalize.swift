import CKernels

/// The passes batch normalization consists of. Rows are pixels, columns channels.
extension Engine {
  /// `y = z·scale + shift + residual`, clipped at zero with `relu`. y may be z.
  ///
  /// - Parameter residual: a tensor like z to add, itself scaled and shifted where `residualScale` is given.
  public func normalize(
    _ z: Tensor, into y: Tensor, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, relu: Bool,
    residual: Tensor? = nil, residualScale: UnsafePointer<Float>? = nil, residualShift: UnsafePointer<Float>? = nil
  ) {
    precondition(y.shape == z.shape && (residual?.shape ?? z.shape) == z.shape, "normalize \(z.shape) into \(y.shape)")
    let channels = z.shape.channels
    threads.split(z.shape.rows) { _, rows in
      let start = rows.lowerBound * channels
      kernels.table.pointee.normalize(
        y.data + start, z.data + start, scale, shift, residual.map { UnsafePointer($0.data) + start }, residualScale,
        residualShift, relu ? 1 : 0, rows.count, Int32(channels))
    }
  }

  /// Sums over rows, by channel: of dy, and of dy·(z − mean).
  ///
  /// - Parameters:
  ///   - dy: where `y` is given, first set to zero wherever y is not positive.
  ///   - sums: `threads · 2 · channels` doubles, zero; each thread adds to its part.
  public func reduce(
    _ dy: Tensor, maskedBy y: Tensor?, against z: Tensor, mean: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Double>
  ) {
    precondition(dy.shape == z.shape && (y?.shape ?? z.shape) == z.shape, "reduce \(dy.shape) against \(z.shape)")
    let channels = z.shape.channels
    threads.split(z.shape.rows) { part, rows in
      let start = rows.lowerBound * channels
      let sum = sums + part * 2 * channels
      kernels.table.pointee.normalize_reduce(
        dy.data + start, y.map { UnsafePointer($0.data) + start }, z.data + start, mean, rows.count, Int32(channels),
        sum, sum + channels)
    }
  }

  /// `dz = a·(dy − m) + b·(z − mean)`, by channel. dz may be dy.
  public func normalizeBackward(
    _ dy: Tensor, z: Tensor, into dz: Tensor, a: UnsafePointer<Float>, m: UnsafePointer<Float>,
    b: UnsafePointer<Float>, mean: UnsafePointer<Float>
  ) {
    precondition(dy.shape == z.shape && dz.shape == z.shape, "normalize backward \(dy.shape) and \(z.shape)")
    let channels = z.shape.channels
    threads.split(z.shape.rows) { _, rows in
      let start = rows.lowerBound * channels
      kernels.table.pointee.normalize_backward(
        dz.data + start, dy.data + start, z.data + start, a, m, b, mean, rows.count, Int32(channels))
    }
  }
}
