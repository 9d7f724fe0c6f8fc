import Foundation

extension LineChart {
  /// The chart as a standalone SVG picture, readable on white, that can also stand inside an HTML page. It scales with
  /// its frame and needs nothing from elsewhere.
  ///
  /// - Parameters:
  ///   - width: in pixels, at least 200.
  ///   - height: in pixels, at least 150.
  public func svg(width: Int = 720, height: Int = 400) -> String {
    SVGDrawing(self, width: Double(max(200, width)), height: Double(max(150, height))).text
  }
}

/// One chart being laid out: title, legend, labels of verticals, plot, axes, from top to bottom.
private struct SVGDrawing {
  private let chart: LineChart
  private let (width, height): (Double, Double)
  private let (x, y): (Axis, Axis)
  private let (xTicks, yTicks): ([Tick], [Tick])
  private let legend: [(symbol: String, name: String, place: Place)]
  private let verticals: [(x: Double, label: String, place: Place)]
  private let (left, top, plotWidth, plotHeight): (Double, Double, Double, Double)

  // Okabe and Ito's colours, told apart by people who do not see all colours.
  private static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
  private static let fontSize = 13.0

  init(_ chart: LineChart, width: Double, height: Double) {
    self.chart = chart
    (self.width, self.height) = (width, height)
    (x, y) = chart.axes()
    yTicks = y.ticks(Int(height / 60))
    left = (chart.yLabel.isEmpty ? 16 : 36) + (yTicks.map { SVG.width($0.label, Self.fontSize) }.max() ?? 0)
    plotWidth = width - left - 20
    xTicks = x.ticks(Int(plotWidth / 80))
    legend = Self.legend(chart, left: left, width: plotWidth)
    let legendBottom = (legend.last?.place.y ?? 22) + 10

    let (left, plotWidth, marks) = (self.left, self.plotWidth, chart.verticals(on: x))
    let labels = LineChart.layout(
      marks.map { (left + $0.x * plotWidth, SVG.width($0.label, Self.fontSize) + 8) }, width: width)
    verticals = zip(marks, labels).map { ($0.x, $0.label, Place($1.start + 4, legendBottom + 16 * Double($1.row + 1))) }
    top = (verticals.map(\.place.y).max() ?? legendBottom) + 6
    plotHeight = max(40, height - top - 48)
  }

  /// Lines where there are several, and spots, in as many rows as they need.
  private static func legend(
    _ chart: LineChart, left: Double, width: Double
  ) -> [(symbol: String, name: String, place: Place)] {
    let lines = chart.lines.count < 2 ? [] : Array(chart.lines.enumerated())
    var entries = lines.map { (symbol(line: $1, $0), $1.name) }
    entries += chart.spots.enumerated().map { (spot(at: Place(12, 0), $0), $1.label) }
    var place = Place(left, 44)
    return entries.map { symbol, name in
      let length = 30 + SVG.width(name, fontSize) + 18
      if place.x > left, place.x + length > left + width + 18 { place = Place(left, place.y + 20) }
      defer { place.x += length }
      return (symbol, name, place)
    }
  }

  var text: String {
    let title = chart.title.escapedForXML
    return
      ([
        SVG.opening(width: width, height: height, title: title),
        SVG.text(title, Place(left, 22), #"font-size="16" font-weight="600""#),
      ] + legendElements + verticalElements + axisElements + lineElements + spotElements + ["</svg>", ""])
      .joined(separator: "\n")
  }

  private var legendElements: [String] {
    legend.map { entry in
      SVG.group(at: entry.place, entry.symbol + SVG.text(entry.name.escapedForXML, Place(30, 4)))
    }
  }

  private var verticalElements: [String] {
    let lines = verticals.map { mark in
      let px = left + mark.x * plotWidth
      return SVG.line(
        Place(px, mark.place.y - 10), Place(px, top + plotHeight), ##"stroke="#999" stroke-dasharray="4 3""##)
    }
    let halo = ##"fill="#555" stroke="#fff" stroke-width="4" paint-order="stroke""##  // where a line crosses a label
    return lines + verticals.map { SVG.text($0.label.escapedForXML, $0.place, halo) }
  }

  private var axisElements: [String] {
    let bottom = top + plotHeight
    var elements = yTicks.flatMap { tick in
      let py = bottom - tick.place * plotHeight
      return [
        SVG.line(Place(left, py), Place(left + plotWidth, py), ##"stroke="#e4e4e4""##),
        SVG.text(tick.label, Place(left - 7, py + 4), #"text-anchor="end""#),
      ]
    }
    for tick in xTicks {
      let px = left + tick.place * plotWidth
      elements.append(SVG.line(Place(px, bottom), Place(px, bottom + 5), ##"stroke="#666""##))
      elements.append(SVG.text(tick.label, Place(px, bottom + 19), #"text-anchor="middle""#))
    }
    let middle = Place(left + plotWidth / 2, bottom + 38)
    elements.append(SVG.line(Place(left, bottom), Place(left + plotWidth, bottom), ##"stroke="#666""##))
    elements.append(SVG.text(chart.xLabel.escapedForXML, middle, #"text-anchor="middle""#))
    let turned = #"text-anchor="middle" transform="rotate(-90)""#  // x and y are turned too
    elements.append(SVG.text(chart.yLabel.escapedForXML, Place(-(top + plotHeight / 2), 16), turned))
    return elements
  }

  private var lineElements: [String] {
    chart.lines.enumerated().flatMap { index, line in
      chart.curves(line, x, y, width: plotWidth, height: plotHeight).flatMap { curve in
        let places = curve.map { $0 + Place(left, top) }
        let color = Self.color(index)
        let dots = line.style == .dotted || places.count == 1 ? places.map { SVG.circle($0, radius: 3.5, color) } : []
        return [SVG.polyline(places, #"stroke="\#(color)" stroke-width="1.8""#)] + dots
      }
    }
  }

  private var spotElements: [String] {
    chart.spots.enumerated().compactMap { index, spot in
      guard let px = x.place(spot.x), let py = y.place(spot.y) else { return nil }
      return Self.spot(at: Place(left + px * plotWidth, top + (1 - py) * plotHeight), index)
    }
  }

  private static func color(_ index: Int) -> String { colors[index % colors.count] }

  private static func symbol(line: LineChart.Line, _ index: Int) -> String {
    let stroke = #"stroke="\#(color(index))" stroke-width="2""#
    return SVG.line(Place(0, 0), Place(24, 0), stroke)
      + (line.style == .dotted ? SVG.circle(Place(12, 0), radius: 3.5, color(index)) : "")
  }

  /// Spots are told apart from lines' dots, and from each other: a ring, then a square.
  private static func spot(at place: Place, _ index: Int) -> String {
    let stroke = #"fill="white" fill-opacity="0.6" stroke="\#(color(index + 1))" stroke-width="2.5""#
    return index % 2 == 0 ? SVG.ring(place, radius: 6, stroke) : SVG.square(place, side: 11, stroke)
  }
}
