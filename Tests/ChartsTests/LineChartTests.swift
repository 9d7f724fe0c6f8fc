import Foundation
import FoundationXML
import Testing

@testable import Charts

@Suite struct LineChartTests {
  private func chart(_ points: [(x: Double, y: Double)]...) -> LineChart {
    LineChart(
      title: "loss", xLabel: "epoch", yLabel: "BCE",
      lines: points.enumerated().map { .init("line \($0)", style: $0 == 0 ? .plain : .dotted, points: $1) })
  }

  /// Parses, or throws where the text is no well-formed XML. Returns the elements' names and attributes.
  private func elements(_ svg: String) throws -> [Recorder.Element] {
    let recorder = Recorder()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = recorder
    if !parser.parse() { throw try #require(parser.parserError) }
    return recorder.elements
  }

  @Test func svgHasLinesDotsAndLegend() throws {
    let found = try elements(chart([(0, 1), (1, 0.5), (2, 0.25)], [(0, 0.9), (2, 0.4)]).svg())
    let lines = found.filter { $0.name == "polyline" }
    #expect(lines.map { $0.attributes["points"]?.split(separator: " ").count } == [3, 2])
    #expect(found.count { $0.name == "circle" } == 3)  // two dots, and one in the legend
    // Falling values run down the page, evenly along it.
    let places = try #require(lines[0].attributes["points"]).split(separator: " ").map { pair in
      pair.split(separator: ",").compactMap { Double($0) }
    }
    #expect(places[0][1] < places[1][1] && places[1][1] < places[2][1])
    #expect(abs((places[2][0] - places[1][0]) - (places[1][0] - places[0][0])) < 0.2)
    #expect(abs((places[1][1] - places[0][1]) - 2 * (places[2][1] - places[1][1])) < 0.4)
    #expect(found[0].attributes["viewBox"] == "0 0 720 400")
  }

  /// Nothing from outside can end a text, or begin a tag; and a name from a file can command no terminal.
  @Test func hostileNames() throws {
    var chart = chart([(0, 1)], [(0, 2)])
    let name = "</text><script>alert(\"1\")</script>&\u{0}\u{1B}]0;x\u{7}\u{202E}"
    (chart.title, chart.xLabel, chart.yLabel, chart.lines[0].name) = (name, name, name, name)
    chart.marks = [.init(x: 0, label: name), .init(x: 0, y: 1, label: name)]
    #expect(try !elements(chart.svg()).contains { $0.name == "script" })
    let text = chart.text()
    #expect(!text.unicodeScalars.contains { $0 != "\n" && ($0.value < 32 || $0.value == 0x202E) })
  }

  /// Whatever the values: a picture, no trap, and no number that is none.
  @Test(
    arguments: [
      [], [.nan], [0], [5], [1e300, 1], [.infinity, 1, 2], [-.infinity], [.leastNonzeroMagnitude, 0], [1e-300, 2e-300],
      [1e290, -1e290],
      [1, 1 + 1e-15], [1e15, 1e15 + 1], [-3, -3], [1e-30, 1e30], [1e-280, 1e280], [0.0031, 0.0032],
    ] as [[Double]]) func anyValues(values: [Double]) throws
  {
    for scale in [LineChart.Scale.linear, .logarithmic] {
      var chart = chart(values.enumerated().map { (Double($0), $1) }, values.map { ($0, 1) })
      chart.xScale = scale
      chart.marks = values.map { .init(x: $0, label: "here") } + values.map { .init(x: $0, y: $0, label: "there") }
      let svg = chart.svg(width: 1, height: 1)
      _ = try elements(svg)
      #expect(!svg.contains("nan") && !svg.contains("inf"))
      let lines = chart.text(columns: 0, rows: 0).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count >= 8)
    }
  }

  /// A value that cannot be drawn is a gap, not a bridge; a point between gaps is a dot.
  @Test func gaps() throws {
    let found = try elements(chart([(0, 1), (1, 2), (2, .nan), (3, 1), (4, .infinity), (5, 2), (6, 3)]).svg())
    let lines = found.filter { $0.name == "polyline" }.compactMap { $0.attributes["points"] }
    #expect(lines.map { $0.split(separator: " ").count } == [2, 1, 2])
    #expect(found.count { $0.name == "circle" } == 1)
  }

  /// A hundred thousand points make a small picture that still shows the one that stands out.
  @Test func thinning() throws {
    var points = (0..<100_000).map { (x: Double($0), y: sin(Double($0) / 9)) }
    points[54_321].y = 7
    let svg = chart(points).svg()
    #expect(svg.utf8.count < 60_000)
    let path = try #require(elements(svg).first { $0.name == "polyline" }?.attributes["points"])
    let ys = path.split(separator: " ").compactMap { $0.split(separator: ",").last.flatMap { Double($0) } }
    let top = try #require(ys.min())
    #expect(ys.count { $0 < top + 1 } == 1)
    let all = (0..<1000).map { Place(Double($0) / 100, Double($0 * 7919 % 1000)) }
    let kept = LineChart.thinned(all)
    #expect(kept.count <= 40 && kept.first == all.first && kept.last == all.last)
    for column in 0..<10 {
      let (before, after) = (all.filter { Int($0.x) == column }, kept.filter { Int($0.x) == column })
      #expect(before.map(\.y).min() == after.map(\.y).min() && before.map(\.y).max() == after.map(\.y).max())
      #expect(before.first == after.first && before.last == after.last)
    }
  }

  @Test func labelsDoNotOverlap() {
    let layout = LineChart.layout([(0, 10), (5, 10), (10, 10), (12, 2), (35, 10), (99, 200)], width: 40)
    #expect(layout.map(\.row) == [0, 1, 0, 2, 0, 3])
    #expect(layout.map(\.start) == [0, 5, 10, 12, 25, 0])
  }
}

/// The elements of an XML text in order.
final class Recorder: NSObject, XMLParserDelegate {
  struct Element {
    let name: String
    let attributes: [String: String]
  }
  private(set) var elements: [Element] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) { elements.append(Element(name: name, attributes: attributes)) }
}
