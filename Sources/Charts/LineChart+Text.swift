extension LineChart {
  /// The chart in characters, for a terminal or a log file: plain lines of Braille dots, dotted ones as `●`, `▲`, …,
  /// joined where there are no plain ones. No colours and no control characters, so plain lines look alike.
  ///
  /// - Parameters:
  ///   - columns: the longest line's characters, at least 40.
  ///   - rows: lines in all, title, legend and axis included; more if the plot would have fewer than 4.
  public func text(columns: Int = 80, rows: Int = 20) -> String {
    TextDrawing(self, columns: max(40, columns), rows: rows).text
  }
}

/// One chart being laid out in characters.
private struct TextDrawing {
  private let chart: LineChart
  private let (x, y): (Axis, Axis)
  private let yTicks: [Tick]
  private let (gutter, plotColumns, plotRows): (Int, Int, Int)
  private let head: [String]
  private var canvas: BrailleCanvas

  private static let dots: [Character] = ["●", "▲", "■", "◆"]
  private static let spots: [Character] = ["◎", "◇", "□", "△"]

  init(_ chart: LineChart, columns: Int, rows: Int) {
    self.chart = chart
    (x, y) = chart.axes()
    yTicks = y.ticks(max(2, rows / 3))
    gutter = yTicks.map(\.label.count).max() ?? 0
    plotColumns = max(8, columns - gutter - 2)

    var (head, legend) = ([chart.title.printable], Self.legend(chart))
    while !legend.isEmpty {  // as many rows as it needs
      var row = legend.removeFirst()
      while let next = legend.first, row.count + 3 + next.count <= columns { row += "   " + legend.removeFirst() }
      head.append(row)
    }
    let verticals = chart.verticals(on: x)
    head += Self.labels(verticals, gutter: gutter, columns: plotColumns)
    self.head = head
    plotRows = max(4, rows - head.count - 3)

    canvas = BrailleCanvas(columns: plotColumns, rows: plotRows)
    for mark in verticals { canvas.vertical(at: mark.x) }
    let size = (width: Double(2 * plotColumns - 1), height: Double(4 * plotRows - 1))
    // Beside plain lines, joined dots would look like another of them.
    let areJoined = !chart.lines.contains { $0.style == .plain }
    for line in chart.lines where line.style == .plain || areJoined {
      for curve in chart.curves(line, x, y, width: size.width, height: size.height) { canvas.draw(curve) }
    }
    for (index, line) in chart.lines.filter({ $0.style == .dotted }).enumerated() {
      for place in chart.curves(line, x, y, width: size.width, height: size.height).joined() {
        canvas.put(Self.dots[index % Self.dots.count], at: place)
      }
    }
    for (index, spot) in chart.spots.enumerated() {
      guard let px = x.place(spot.x), let py = y.place(spot.y) else { continue }
      canvas.put(Self.spots[index % Self.spots.count], at: Place(px * size.width, (1 - py) * size.height))
    }
  }

  private static func legend(_ chart: LineChart) -> [String] {
    var dot = 0
    let lines = chart.lines.map { line in
      guard line.style == .dotted else { return "⠒⠒ " + line.name.printable }
      defer { dot += 1 }
      return "\(dots[dot % dots.count]) " + line.name.printable
    }
    return (lines.count > 1 ? lines : [])
      + chart.spots.enumerated().map { "\(spots[$0 % spots.count]) " + $1.label.printable }
  }

  /// Rows with each vertical's label above it.
  private static func labels(_ verticals: [(x: Double, label: String)], gutter: Int, columns: Int) -> [String] {
    let texts = verticals.map(\.label.printable)
    let places = LineChart.layout(
      zip(verticals, texts).map { (($0.x * Double(columns - 1)).rounded(), Double($1.count + 1)) },
      width: Double(columns + 1))
    var rows = [String](repeating: "", count: (places.map(\.row).max() ?? -1) + 1)
    for (text, place) in zip(texts, places).sorted(by: { $0.1.start < $1.1.start }) {
      rows[place.row] = rows[place.row].padded(to: gutter + 2 + Int(place.start)) + text
    }
    return rows.map { String($0.prefix(gutter + 2 + columns)) }
  }

  var text: String {
    let labels = Dictionary(
      yTicks.map { (Int(((1 - $0.place) * Double(plotRows - 1)).rounded()), $0.label) },
      uniquingKeysWith: { first, _ in first })
    let plot = canvas.rows.enumerated().map { row, characters in
      let label = labels[row] ?? ""
      return String(repeating: " ", count: max(0, gutter - label.count)) + label + (label.isEmpty ? " │" : " ┤")
        + characters
    }
    var (axis, scale) = ([Character](repeating: "─", count: plotColumns), "")
    for tick in x.ticks(plotColumns / 10) {
      let column = Int((tick.place * Double(plotColumns - 1)).rounded())
      axis[column] = "┬"
      let start = gutter + 2 + column - tick.label.count / 2
      if scale.isEmpty || scale.count < start { scale = scale.padded(to: start) + tick.label }
    }
    let name = chart.xLabel.printable
    let indent = gutter + 2 + max(0, (plotColumns - name.count) / 2)
    let foot = [String(repeating: " ", count: gutter + 1) + "└" + axis, scale, "".padded(to: indent) + name]
    return (head + plot + foot).map { $0.trimmedRight + "\n" }.joined()
  }
}

extension String {
  /// Without characters that would command a terminal.
  fileprivate var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
          default: scalar
          }
        }))
  }

  fileprivate func padded(to length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }

  fileprivate var trimmedRight: String { String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)]) }
}
