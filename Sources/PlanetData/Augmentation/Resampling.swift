/// What a source pixel can be.
protocol PixelValue {
  var float: Float { get }
}
extension UInt8: PixelValue {
  @inline(__always) var float: Float { Float(self) }
}
extension Float: PixelValue {
  @inline(__always) var float: Float { self }
}

/// A picture being read, `[height, width, 3]`. Its memory belongs to an array of the caller.
@safe struct PixelGrid<Value: PixelValue> {
  let pixels: UnsafePointer<Value>
  let width: Int
  let height: Int
}

/// A straight path through the source, `(x, y) = start + j · step`, in pixels: one row of the result.
struct SamplingRow {
  var x: Double
  var y: Double
  var stepX: Double
  var stepY: Double
}

extension PixelGrid {
  /// Bilinear samples along a row, as `torch.nn.functional.grid_sample(padding_mode="reflection", align_corners=True)`.
  @inline(__always)
  func sample(_ row: SamplingRow, count: Int, into output: UnsafeMutablePointer<Float>) {
    let (startX, startY, stepX, stepY) = (Float(row.x), Float(row.y), Float(row.stepX), Float(row.stepY))
    let (lastX, lastY) = (width - 1, height - 1)
    for j in 0..<count {
      let x = reflect(startX + Float(j) * stepX, Float(lastX))
      let y = reflect(startY + Float(j) * stepY, Float(lastY))
      let (left, top) = (Int(x), Int(y))
      let (right, down) = (x - Float(left), y - Float(top))
      let p = unsafe pixels + (top * width + left) * 3
      // At the last column or row the neighbour outside has weight zero, so any other will do.
      let toRight = left < lastX ? 3 : 0
      let toBelow = top < lastY ? width * 3 : 0
      for channel in 0..<3 {
        let a = unsafe p[channel].float
        let b = unsafe p[channel + toRight].float
        let c = unsafe p[channel + toBelow].float
        let d = unsafe p[channel + toBelow + toRight].float
        let upper = a + (b - a) * right
        let lower = c + (d - c) * right
        unsafe output[j * 3 + channel] = upper + (lower - upper) * down
      }
    }
  }
}

/// Mirrors a coordinate at the centres of the first and last pixels, 0 and `last`, as often as it takes.
@inline(__always)
private func reflect(_ coordinate: Float, _ last: Float) -> Float {
  let u = abs(coordinate)
  if u <= last { return u }
  if last == 0 { return 0 }
  let turns = (u / last).rounded(.down)
  let rest = max(0, min(u - turns * last, last))
  return turns.truncatingRemainder(dividingBy: 2) == 0 ? rest : last - rest
}

extension Image {
  /// Means over rectangles that cover the picture, as `torch.nn.functional.adaptive_avg_pool2d`: `[height, width, 3]`.
  func areaMeans(width newWidth: Int, height newHeight: Int) -> [Float] {
    var means: [Float] = []
    means.reserveCapacity(newWidth * newHeight * 3)
    unsafe pixels.withUnsafeBufferPointer { pixels in
      for i in 0..<newHeight {
        let rows = i * height / newHeight..<((i + 1) * height + newHeight - 1) / newHeight
        for j in 0..<newWidth {
          let columns = j * width / newWidth..<((j + 1) * width + newWidth - 1) / newWidth
          var (red, green, blue) = (0, 0, 0)
          for y in rows {
            for x in columns {
              let p = (y * width + x) * 3
              unsafe red += Int(pixels[p])
              unsafe green += Int(pixels[p + 1])
              unsafe blue += Int(pixels[p + 2])
            }
          }
          let scale = 1 / Float(rows.count * columns.count)
          means.append(Float(red) * scale)
          means.append(Float(green) * scale)
          means.append(Float(blue) * scale)
        }
      }
    }
    return means
  }
}
