/// Red, green, blue in `0...1`.
typealias Color = SIMD3<Float>

/// A square to paint on. Coordinates run from 0 to 1, right and down, whatever the size.
struct Canvas {
  let size: Int
  private var pixels: [Color]

  init(size: Int) {
    self.size = size
    pixels = Array(repeating: .zero, count: size * size)
  }

  /// Sets every pixel to a function of its place and its colour.
  mutating func map(_ color: (_ x: Float, _ y: Float, _ old: Color) -> Color) {
    for i in 0..<size {
      for j in 0..<size {
        let p = i * size + j
        pixels[p] = color((Float(j) + 0.5) / Float(size), (Float(i) + 0.5) / Float(size), pixels[p])
      }
    }
  }

  /// Blends a colour over what is there, where and as far as the shape covers it.
  mutating func paint(_ shape: CanvasShape, _ color: Color) {
    func range(_ low: Float, _ high: Float) -> Range<Int> {
      let first = Int(max(0, min(1, low)) * Float(size))
      return first..<max(first, min(size, Int((max(0, min(1, high)) * Float(size)).rounded(.up))))
    }
    for i in range(shape.top, shape.bottom) {
      for j in range(shape.left, shape.right) {
        let cover = shape.coverage((Float(j) + 0.5) / Float(size), (Float(i) + 0.5) / Float(size))
        if cover > 0 { pixels[i * size + j] += (color - pixels[i * size + j]) * min(cover, 1) }
      }
    }
  }

  var image: Image {
    let bytes = pixels.flatMap { pixel in
      let scaled = pixel.clamped(lowerBound: .zero, upperBound: .one) * 255
      return [UInt8(scaled.x.rounded()), UInt8(scaled.y.rounded()), UInt8(scaled.z.rounded())]
    }
    return Image(width: size, height: size, pixels: bytes)
  }
}

/// How far a shape covers each point, 0 to 1, and a box outside which it covers none.
struct CanvasShape {
  var left: Float = 0
  var right: Float = 1
  var top: Float = 0
  var bottom: Float = 1
  let coverage: (_ x: Float, _ y: Float) -> Float

  /// A rectangle turned by an angle in radians.
  static func rectangle(x: Float, y: Float, width: Float, height: Float, cosine: Float, sine: Float) -> CanvasShape {
    let reach = (width * width + height * height).squareRoot() / 2
    return CanvasShape(left: x - reach, right: x + reach, top: y - reach, bottom: y + reach) { px, py in
      let (dx, dy) = (px - x, py - y)
      let outside = max(abs(dx * cosine + dy * sine) - width / 2, abs(dy * cosine - dx * sine) - height / 2)
      return 0.5 - outside / softness
    }
  }

  /// A disc with a ragged edge.
  static func blob(x: Float, y: Float, radius: Float, noise: Noise, ragged: Float = 0.4) -> CanvasShape {
    let reach = radius * (1 + ragged)
    return CanvasShape(left: x - reach, right: x + reach, top: y - reach, bottom: y + reach) { px, py in
      let (dx, dy) = (px - x, py - y)
      let edge = radius * (1 + ragged * (2 * noise.fractal(px * 9, py * 9) - 1))
      return 0.5 + (edge - (dx * dx + dy * dy).squareRoot()) / softness
    }
  }

  /// A line of straight pieces.
  static func path(_ points: [(x: Float, y: Float)], width: Float) -> CanvasShape {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    return CanvasShape(
      left: (xs.min() ?? 0) - width, right: (xs.max() ?? 0) + width, top: (ys.min() ?? 0) - width,
      bottom: (ys.max() ?? 0) + width
    ) { px, py in
      var nearest = Float.infinity
      for (a, b) in zip(points, points.dropFirst()) {
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let t = max(0, min(1, ((px - a.x) * dx + (py - a.y) * dy) / max(dx * dx + dy * dy, 1e-12)))
        let (ex, ey) = (px - a.x - t * dx, py - a.y - t * dy)
        nearest = min(nearest, ex * ex + ey * ey)
      }
      return 0.5 + (width / 2 - nearest.squareRoot()) / softness
    }
  }

  /// Width of edges: about a pixel of a 256-pixel chip.
  private static let softness: Float = 0.004
}

/// Value noise: random numbers on a grid, smoothly joined.
struct Noise {
  let seed: UInt32

  /// In `0...1`; features about one unit wide.
  func callAsFunction(_ x: Float, _ y: Float) -> Float {
    let (fx, fy) = (x.rounded(.down), y.rounded(.down))
    let (u, v) = (smooth(x - fx), smooth(y - fy))
    let (i, j) = (Int32(fx), Int32(fy))
    let upper = lattice(i, j) + (lattice(i &+ 1, j) - lattice(i, j)) * u
    let lower = lattice(i, j &+ 1) + (lattice(i &+ 1, j &+ 1) - lattice(i, j &+ 1)) * u
    return upper + (lower - upper) * v
  }

  /// Three octaves, each half as large and half as strong as the one before; in `0...1`.
  func fractal(_ x: Float, _ y: Float) -> Float {
    (4 * self(x, y) + 2 * self(2 * x + 17, 2 * y) + self(4 * x, 4 * y + 31)) / 7
  }

  private func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }

  private func lattice(_ i: Int32, _ j: Int32) -> Float {
    var h = UInt32(bitPattern: i) &* 0x9E37_79B1 ^ UInt32(bitPattern: j) &* 0x85EB_CA77 ^ seed
    h = (h ^ (h >> 15)) &* 0x2C1B_3C6D
    h = (h ^ (h >> 12)) &* 0x297A_2D39
    return Float((h ^ (h >> 15)) >> 8) * 0x1p-24
  }
}
