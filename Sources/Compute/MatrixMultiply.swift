import COpenBLAS

/// The three products of a linear layer, by OpenBLAS. Matrices are row-major; rows of `x` and `y` are images.
public enum MatrixMultiply {
  /// `y = x Wᵀ`: x `[N, inputs]`, W `[outputs, inputs]`, y `[N, outputs]`.
  public static func forward(_ x: Tensor, _ w: UnsafePointer<Float>, into y: Tensor) {
    single
    let (m, k, n) = (x.shape.images, x.shape.channels, y.shape.channels)
    guard m > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(m), Int32(n), Int32(k), 1, x.data, Int32(k), w, Int32(k), 0,
      y.data, Int32(n))
  }

  /// `dx = dy W`, replacing dx.
  public static func inputGradient(_ dy: Tensor, _ w: UnsafePointer<Float>, into dx: Tensor) {
    single
    let (m, n, k) = (dy.shape.images, dx.shape.channels, dy.shape.channels)
    guard m > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, dy.data, Int32(k), w, Int32(n), 0,
      dx.data, Int32(n))
  }

  /// `dW = dyᵀ x`, replacing dW.
  public static func weightGradient(_ dy: Tensor, _ x: Tensor, into dw: UnsafeMutablePointer<Float>) {
    single
    let (m, n, k) = (dy.shape.channels, x.shape.channels, dy.shape.images)
    guard k > 0 else { return dw.update(repeating: 0, count: m * n) }
    cblas_sgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, dy.data, Int32(m), x.data, Int32(n), 0,
      dw, Int32(n))
  }

  // One thread: the linear layers are under 1 % of the arithmetic, and OpenBLAS's own threads would fight with ours.
  private static let singleThread: Void = openblas_set_num_threads(1)
  private static var single: Void { singleThread }
}
