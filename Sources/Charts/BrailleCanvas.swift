/// Characters to draw on, each a Braille pattern of two by four dots. Places are in dots, from the upper left corner.
struct BrailleCanvas {
  private let columns: Int
  private let rowCount: Int
  private var patterns: [UInt8]
  private var characters: [Character?]

  init(columns: Int, rows: Int) {
    self.columns = columns
    rowCount = rows
    patterns = Array(repeating: 0, count: columns * rows)
    characters = Array(repeating: nil, count: columns * rows)
  }

  /// Joins places by straight lines.
  mutating func draw(_ curve: [Place]) {
    guard var from = curve.first else { return }
    dot(from)
    for to in curve.dropFirst() {
      let way = to - from
      let steps = max(abs(way.x), abs(way.y)).rounded(.up)
      for step in stride(from: 1, through: steps, by: 1) { dot(from + way * (step / steps)) }
      from = to
    }
  }

  /// A character instead of dots, where a place lies.
  mutating func put(_ character: Character, at place: Place) {
    let (x, y) = position(place)
    characters[y / 4 * columns + x / 2] = character
  }

  /// A line over the full height, at a fraction of the width. Dots and characters drawn later cover it.
  mutating func vertical(at fraction: Double) {
    let column = Int((fraction * Double(columns - 1)).rounded())
    for row in 0..<rowCount { characters[row * columns + column] = "┊" }
  }

  var rows: [String] {
    (0..<rowCount).map { row in
      String((row * columns..<(row + 1) * columns).map { characters[$0] ?? Self.pattern(patterns[$0]) })
    }
  }

  private mutating func dot(_ place: Place) {
    let (x, y) = position(place)
    let cell = y / 4 * columns + x / 2
    // Dots are numbered down the left column, then the right; the lowest two came later (Unicode, "Braille Patterns").
    patterns[cell] |= [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][x % 2][y % 4]
    if characters[cell] == "┊" { characters[cell] = nil }
  }

  private func position(_ place: Place) -> (x: Int, y: Int) {
    (
      Int(max(0, min(Double(2 * columns - 1), place.x.rounded()))),
      Int(max(0, min(Double(4 * rowCount - 1), place.y.rounded())))
    )
  }

  private static func pattern(_ dots: UInt8) -> Character {
    dots == 0 ? " " : Character(Unicode.Scalar(UInt16(0x2800) + UInt16(dots)) ?? " ")
  }
}
