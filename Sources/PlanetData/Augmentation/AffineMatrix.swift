/// A map of the plane, `(x, y) ↦ (xx·x + xy·y + x0, yx·x + yy·y + y0)`, in coordinates where an image spans `-1...1`
/// both ways. float32, as fastai's.
struct AffineMatrix: Equatable {
  var xx: Float = 1
  var xy: Float = 0
  var x0: Float = 0
  var yx: Float = 0
  var yy: Float = 1
  var y0: Float = 0

  static let identity = AffineMatrix()

  /// The map that applies `b` first and then `a`.
  static func * (a: AffineMatrix, b: AffineMatrix) -> AffineMatrix {
    AffineMatrix(
      xx: a.xx * b.xx + a.xy * b.yx, xy: a.xx * b.xy + a.xy * b.yy, x0: a.xx * b.x0 + a.xy * b.y0 + a.x0,
      yx: a.yx * b.xx + a.yy * b.yx, yy: a.yx * b.xy + a.yy * b.yy, y0: a.yx * b.x0 + a.yy * b.y0 + a.y0)
  }
}
