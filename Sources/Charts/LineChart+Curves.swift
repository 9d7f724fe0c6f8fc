/// A place in a drawing.
typealias Place = SIMD2<Double>

extension LineChart {
  /// A line's points as places in a drawing of `width` by `height` units, x to the right and y down; one array for each
  /// stretch without gaps, none of them empty.
  func curves(_ line: Line, _ x: Axis, _ y: Axis, width: Double, height: Double) -> [[Place]] {
    var curves: [[Place]] = []
    var isJoined = false
    for point in line.points {
      guard let px = x.place(point.x), let py = y.place(point.y) else {
        isJoined = false
        continue
      }
      let place = Place(px * width, (1 - py) * height)
      if isJoined { curves[curves.count - 1].append(place) } else { curves.append([place]) }
      isJoined = true
    }
    return curves.map(Self.thinned)
  }

  /// Of the points that follow one another within a column one unit wide, the first, the lowest, the highest and the
  /// last: drawn, they look as all would (Jugel and others, "M4", VLDB 2014).
  static func thinned(_ points: [Place]) -> [Place] {
    var kept: [Place] = []
    var start = points.startIndex
    while start < points.endIndex {
      let column = points[start].x.rounded(.down)
      let end = points[start...].firstIndex { $0.x.rounded(.down) != column } ?? points.endIndex
      let run = start..<end
      let lowest = run.min { points[$0].y < points[$1].y } ?? start
      let highest = run.max { points[$0].y < points[$1].y } ?? start
      kept += Set([start, lowest, highest, end - 1]).sorted().map { points[$0] }
      start = end
    }
    return kept
  }

  /// Where the labels of verticals stand, so that none overlaps another or leaves a drawing of this width: each begins at
  /// its vertical, or ends there if it would not fit. Rows are counted from the top.
  static func layout(_ labels: [(place: Double, length: Double)], width: Double) -> [(start: Double, row: Int)] {
    var rows: [[Range<Double>]] = []
    return labels.map { label in
      let start = label.place + label.length <= width ? label.place : max(0, label.place - label.length)
      let range = start..<start + label.length
      let row = rows.firstIndex { !$0.contains { $0.overlaps(range) } } ?? rows.count
      if row == rows.count { rows.append([]) }
      rows[row].append(range)
      return (start, row)
    }
  }
}
