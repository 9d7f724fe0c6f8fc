/// The part of the resized picture that becomes the network's input: fastai resizes the shorter side to the wanted size,
/// keeping the picture's shape, and then crops (recipe §1.3). Nothing outside the crop is ever computed.
struct Window {
  /// Shape of the whole resized picture.
  let width: Int
  let height: Int
  /// Where the crop begins: its first row and column in the resized picture.
  let row: Int
  let column: Int
  /// Where its points come from in the source, both in `-1...1`; nil where nothing moves: source pixels are results.
  let matrix: AffineMatrix?

  init(_ image: Image, _ augmentation: Augmentation, size: Int) {
    let ratio = min(Double(image.height) / Double(size), Double(image.width) / Double(size))
    height = Int((Double(image.height) / ratio).rounded(.toNearestOrEven))
    width = Int((Double(image.width) / ratio).rounded(.toNearestOrEven))
    row = min(Int(Float(height - size + 1) * augmentation.cropRow), height - size)
    column = min(Int(Float(width - size + 1) * augmentation.cropColumn), width - size)

    var matrix = augmentation.matrix
    if matrix == .identity && width == image.width && height == image.height {
      self.matrix = nil
    } else {
      // Lengths along x and y differ in a picture that is not square; fastai's correction (`_affine_mult`).
      matrix.xy *= Float(height) / Float(width)
      matrix.yx *= Float(width) / Float(height)
      self.matrix = matrix
    }
  }

  /// Width of the output over width of the part of the source it shows, as fastai measures it: over both axes.
  func magnification(_ m: AffineMatrix) -> Double {
    let (reachX, reachY) = (abs(m.xx) + abs(m.xy), abs(m.yx) + abs(m.yy))
    let low = min(m.x0 - reachX, m.y0 - reachY)
    let high = max(m.x0 + reachX, m.y0 + reachY)
    return 2 / Double(high - low)
  }

  /// The source pixels under row `i` of the crop. `-1` and `1` are the centres of the first and last pixels
  /// (`align_corners=True`), in source and result.
  func samplingRow(_ i: Int, _ m: AffineMatrix, sourceWidth: Int, sourceHeight: Int) -> SamplingRow {
    let (unitX, unitY) = (width > 1 ? 2 / Double(width - 1) : 0, height > 1 ? 2 / Double(height - 1) : 0)
    let (x, y) = (-1 + unitX * Double(column), -1 + unitY * Double(row + i))
    let (halfX, halfY) = (Double(sourceWidth - 1) / 2, Double(sourceHeight - 1) / 2)
    return SamplingRow(
      x: (Double(m.xx) * x + Double(m.xy) * y + Double(m.x0) + 1) * halfX,
      y: (Double(m.yx) * x + Double(m.yy) * y + Double(m.y0) + 1) * halfY,
      stepX: Double(m.xx) * unitX * halfX, stepY: Double(m.yx) * unitX * halfY)
  }
}
