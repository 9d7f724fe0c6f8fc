import Compute
import Foundation

/// Draws a chip that shows its tags: land first, what lies on it next, weather last.
struct SyntheticChip {
  private var canvas: Canvas
  private var random: RandomSource

  /// The picture for these tags; `random` decides where things lie.
  static func draw(_ tags: Set<String>, size: Int, random: RandomSource) -> Image {
    var chip = SyntheticChip(canvas: Canvas(size: size), random: random)
    chip.land(forest: tags.contains("primary"))
    let figures: [(tag: String, draw: (inout SyntheticChip) -> Void)] = [
      ("blooming", { $0.blooming() }), ("water", { $0.river() }), ("agriculture", { $0.fields() }),
      ("cultivation", { $0.cultivation() }), ("bare_ground", { $0.bareGround() }), ("slash_burn", { $0.slashBurn() }),
      ("blow_down", { $0.blowDown() }), ("selective_logging", { $0.selectiveLogging() }),
      ("conventional_mine", { $0.conventionalMine() }), ("artisinal_mine", { $0.artisinalMine() }),
      ("road", { $0.roads() }), ("habitation", { $0.habitation() }), ("partly_cloudy", { $0.clouds() }),
      ("cloudy", { $0.overcast() }), ("haze", { $0.haze() }),
    ]
    for figure in figures where tags.contains(figure.tag) { figure.draw(&chip) }
    chip.grain()
    return chip.canvas.image
  }

  private mutating func uniform(_ low: Float = 0, _ high: Float = 1) -> Float { random.uniform(low, high) }
  private mutating func noise() -> Noise { Noise(seed: random.next()) }
  private mutating func blob(_ low: Float, _ high: Float, ragged: Float = 0.4) -> CanvasShape {
    .blob(x: uniform(0.1, 0.9), y: uniform(0.1, 0.9), radius: uniform(low, high), noise: noise(), ragged: ragged)
  }
  /// A line across the chip from edge to edge, bent by up to `bend`.
  private mutating func crossing(bend: Float, pieces: Int) -> [(x: Float, y: Float)] {
    let (start, end, wave, vertical) = (uniform(), uniform(), noise(), uniform() < 0.5)
    return (0...pieces).map { piece in
      let t = Float(piece) / Float(pieces)
      let across = start + (end - start) * t + bend * (wave.fractal(t * 4, 0) - 0.5)
      let along = t * 1.1 - 0.05
      return vertical ? (across, along) : (along, across)
    }
  }

  private mutating func land(forest: Bool) {
    let (relief, canopy) = (noise(), noise())
    let (dark, light): (Color, Color) =
      forest ? ([0.10, 0.19, 0.12], [0.20, 0.31, 0.17]) : ([0.36, 0.37, 0.25], [0.52, 0.50, 0.34])
    canvas.map { x, y, _ in
      let t = 0.6 * relief.fractal(x * 5, y * 5) + 0.4 * canopy(x * 90, y * 90)
      return dark + (light - dark) * t
    }
  }

  private mutating func blooming() {
    for _ in 0..<60 { canvas.paint(blob(0.006, 0.014), [0.82, 0.72, 0.55]) }
  }

  private mutating func river() {
    let course = crossing(bend: 0.7, pieces: 24)
    canvas.paint(.path(course, width: uniform(0.05, 0.14)), uniform() < 0.5 ? [0.16, 0.22, 0.30] : [0.38, 0.34, 0.27])
  }

  private mutating func fields() {
    let angle = uniform(0, .pi)
    let (cosine, sine) = (cos(angle), sin(angle))
    for _ in 0..<3 + random.below(5) {
      let shade = uniform(-0.05, 0.08)
      let field = CanvasShape.rectangle(
        x: uniform(), y: uniform(), width: uniform(0.15, 0.4), height: uniform(0.12, 0.3), cosine: cosine, sine: sine)
      canvas.paint(field, Color(0.46, 0.50, 0.29) + shade)
    }
  }

  private mutating func cultivation() {
    for _ in 0..<6 + random.below(6) { canvas.paint(blob(0.03, 0.07), Color(0.37, 0.45, 0.20) + uniform(-0.04, 0.06)) }
  }

  private mutating func bareGround() {
    for _ in 0..<2 { canvas.paint(blob(0.12, 0.22), [0.66, 0.56, 0.44]) }
  }

  private mutating func slashBurn() {
    let (burnt, angle) = (blob(0.13, 0.2, ragged: 0.25), uniform(0, .pi))
    canvas.paint(burnt, [0.20, 0.13, 0.11])
    let strip = CanvasShape.rectangle(
      x: (burnt.left + burnt.right) / 2, y: (burnt.top + burnt.bottom) / 2, width: 0.25, height: 0.05,
      cosine: cos(angle), sine: sin(angle))
    canvas.paint(strip, [0.52, 0.30, 0.22])
  }

  /// Trees a downburst felled, in a fan.
  private mutating func blowDown() {
    let (x, y, direction) = (uniform(0.2, 0.8), uniform(0.2, 0.8), uniform(0, 2 * .pi))
    for _ in 0..<40 {
      let (angle, near, length) = (direction + uniform(-0.6, 0.6), uniform(0, 0.2), uniform(0.03, 0.1))
      let points = [near, near + length].map { (x: x + $0 * cos(angle), y: y + $0 * sin(angle)) }
      canvas.paint(.path(points, width: 0.008), [0.50, 0.53, 0.40])
    }
  }

  private mutating func selectiveLogging() {
    for _ in 0..<2 {
      let track = crossing(bend: 0.4, pieces: 12)
      canvas.paint(.path(track, width: 0.006), [0.44, 0.38, 0.27])
      for point in track {
        let clearing = CanvasShape.blob(
          x: point.x + uniform(-0.06, 0.06), y: point.y + uniform(-0.06, 0.06), radius: uniform(0.01, 0.02),
          noise: noise())
        canvas.paint(clearing, [0.47, 0.40, 0.28])
      }
    }
  }

  /// A pit in terraces.
  private mutating func conventionalMine() {
    let (x, y, radius, edge) = (uniform(0.3, 0.7), uniform(0.3, 0.7), uniform(0.2, 0.28), noise())
    for terrace in 0..<5 {
      let shade: Float = terrace % 2 == 0 ? 0.62 : 0.50
      let ring = CanvasShape.blob(x: x, y: y, radius: radius * (1 - 0.18 * Float(terrace)), noise: edge, ragged: 0.15)
      canvas.paint(ring, Color(shade, shade * 0.96, shade * 0.92))
    }
  }

  /// Pale diggings with ponds, in a chain.
  private mutating func artisinalMine() {
    for point in crossing(bend: 0.5, pieces: 9).dropFirst(2).dropLast(2) {
      canvas.paint(.blob(x: point.x, y: point.y, radius: uniform(0.05, 0.08), noise: noise()), [0.78, 0.70, 0.54])
      canvas.paint(.blob(x: point.x, y: point.y, radius: uniform(0.015, 0.03), noise: noise()), [0.42, 0.62, 0.58])
    }
  }

  private mutating func roads() {
    for _ in 0..<1 + random.below(2) {
      canvas.paint(.path(crossing(bend: 0.1, pieces: 6), width: uniform(0.012, 0.02)), [0.66, 0.55, 0.43])
    }
  }

  private mutating func habitation() {
    let (x, y) = (uniform(0.25, 0.75), uniform(0.25, 0.75))
    for _ in 0..<45 {
      let (angle, shade) = (uniform(0, 0.3), uniform(0.55, 0.85))
      let roof = CanvasShape.rectangle(
        x: x + 0.13 * random.normal(), y: y + 0.13 * random.normal(), width: uniform(0.015, 0.035),
        height: uniform(0.012, 0.025), cosine: cos(angle), sine: sin(angle))
      canvas.paint(roof, Color(shade, shade * 0.94, shade * 0.9))
    }
  }

  private mutating func clouds() {
    let (form, cover) = (noise(), uniform(0.50, 0.58))
    func cloud(_ x: Float, _ y: Float) -> Float { max(0, min(0.95, (form.fractal(x * 5, y * 5) - cover) * 9)) }
    canvas.paint(CanvasShape { x, y in cloud(x - 0.05, y - 0.05) * 0.5 }, [0.04, 0.06, 0.08])  // its shadow
    canvas.paint(CanvasShape(coverage: cloud), [0.93, 0.94, 0.95])
  }

  private mutating func overcast() {
    let (form, thickness) = (noise(), uniform(0.80, 0.95))
    canvas.paint(CanvasShape { x, y in thickness + 0.2 * (form.fractal(x * 3, y * 3) - 0.5) }, [0.86, 0.87, 0.89])
  }

  private mutating func haze() {
    let (form, thickness) = (noise(), uniform(0.45, 0.6))
    canvas.paint(CanvasShape { x, y in thickness + 0.3 * (form.fractal(x * 2, y * 2) - 0.5) }, [0.66, 0.70, 0.73])
  }

  private mutating func grain() {
    let sensor = noise()
    let resolution = Float(canvas.size)
    canvas.map { x, y, old in old + (sensor(x * resolution, y * resolution) - 0.5) * 0.04 }
  }
}
