import Files
import Foundation
import PlanetData
import Runs
import TestSupport
import Testing
import Training

@testable import Report

/// Reports of runs as they lie in their folders.
@Suite struct ReportTests {
  private let folder = TemporaryFolder()
  private let run: RunFolder

  /// A run of one stage on two drawn chips, one label of which would be markup if it were not escaped.
  init() throws {
    run = RunFolder(folder.path("run"))
    try SyntheticSample.write(to: folder.path("data"), count: 2, size: 32)
    try write(
      "stage,epoch,train_loss,valid_loss,accuracy_thresh,fbeta,time\na,0,0.9,0.5,0.7,0.4,00:03\na,1,0.5,0.4,0.8,0.6,00:03\n",
      to: run.history)
    try write(
      """
      {"stage": {"name": "a", "index": 0, "size": 64, "frozen": true, "learningRates": [0.1, 0.2, 0.3], "epochs": 2},
       "date": "2026-01-02T03:04:05Z", "machine": "2 ranks on a <host>", "recipe": "batch_size: 64\\n", "images": 100,
       "phases": {"forward": 1, "backward": 3}, "labels": ["clear", "<b>&"], "coOccurrence": [[9, 3], [3, 4]],
       "validation": [{"name": "train_0", "path": "\(folder.path("data/train-jpg/train_0.jpg"))"},
                      {"name": "gone", "path": "/none/gone.jpg"}],
       "targets": [true, false, false, true], "probabilities": [0.9, 0.7, 0.1, 0.05], "lossSums": [0.5, 3.5]}
      """, to: run.result("a"))
  }

  private func write(_ text: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test func tellsWhatTheRunKept() throws {
    let html = try String(contentsOfFile: RunReport.write(run), encoding: .utf8)
    for part in [
      "<h3>a</h3>", "64×64, frozen body, peak learning rates 0.1, 0.2, 0.3", "<td>0.900000</td>",
      "<tr class=\"best\"><td>1</td>", "2 ranks on a &lt;host&gt;", "<td>25.0</td>", "batch_size: 64",
      "data:image/jpeg;base64,", "(the image is no longer at /none/gone.jpg)",
      "<span class=\"hit\">clear 0.90</span> <span class=\"wrong\">&lt;b&gt;&amp; 0.70</span>",
      "<span class=\"missed\">&lt;b&gt;&amp; 0.05</span>", "rgba(59,120,195,0.27)\">3</td>",
    ] { #expect(html.contains(part), "\(part)") }
    #expect(html.components(separatedBy: "<svg").count == 3)  // losses and metrics; the run kept no steps
    // Nothing is fetched: no address of anything but namespaces.
    #expect(!html.replacing("http://www.w3.org/2000/svg", with: "").contains("://"))
    #expect(!html.contains("{{") && !html.contains("<b>&"))
  }

  @Test func withoutResults() throws {
    try FileManager.default.removeItem(atPath: run.result("a"))
    let html = try String(contentsOfFile: RunReport.write(run), encoding: .utf8)
    #expect(html.contains("<td>0.900000</td>") && !html.contains("Highest loss"))
  }

  /// Whatever names, labels and recipes hold is text of the page, byte for byte: an accent after a quotation mark, or
  /// after a bracket, makes another `Character` of it and hides nothing.
  @Test func valuesAreText() throws {
    let markup = "\"\u{301} onload=alert(1) x=\"<\u{338}script>alert(1)</script>'\u{301}&\u{301}"
    let json = String(decoding: try JSONEncoder().encode(markup), as: UTF8.self)
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: run.result("a"))), as: UTF8.self)
    var replaced = text
    for value in [
      "\"clear\"", "\"<b>&\"", "\"train_0\"", "\"gone\"", "\"/none/gone.jpg\"", "\"2 ranks on a <host>\"",
      "\"batch_size: 64\\n\"", "\"a\"",
    ] {
      #expect(text.contains(value))
      replaced = replaced.replacing("\(value),", with: "\(json),").replacing("\(value)}", with: "\(json)}")
        .replacing("\(value)]", with: "\(json)]")
    }
    try write(replaced, to: run.result("a"))
    let csv = try String(contentsOfFile: run.history, encoding: .utf8)
    try write(csv + CSV.line([markup, "0", "0.9", "0.5", "0.7", "0.4", "00:03"]), to: run.history)
    let html = Array(try Data(contentsOf: URL(fileURLWithPath: RunReport.write(run))))
    let escaped =
      "&quot;\u{301} onload=alert(1) x=&quot;&lt;\u{338}script&gt;alert(1)&lt;/script&gt;&#39;\u{301}&amp;\u{301}"
    let count = { (text: String) in html.split(separator: Array(text.utf8)).count - 1 }
    #expect(count(escaped) >= 14 && count(escaped) == count("onload=alert"))
    #expect(!html.contains(Array("<\u{338}".utf8)) && !html.contains(Array("\"\u{301}".utf8)))
    if Browser.exists { #expect(!(try Browser.dom(run.report)).utf8.contains(Array("onload=\"".utf8))) }
  }

  /// With a thousand labels the page stays one: of pairs the commonest, under pictures the first tags.
  @Test func thousandLabels() throws {
    let (labels, images) = (1000, 12)
    var counts = [[Int]](repeating: [Int](repeating: 1, count: labels), count: labels)
    for label in 0..<labels { counts[label][label] = label }
    let parts = [
      "\"stage\":{\"name\":\"a\",\"index\":0,\"size\":64,\"frozen\":true,\"learningRates\":[1,2,3],\"epochs\":2}",
      "\"date\":\"2026-01-02T03:04:05Z\",\"machine\":\"\",\"recipe\":\"\",\"images\":1,\"phases\":{}",
      "\"labels\":\((0..<labels).map { "label_\($0)" })", "\"coOccurrence\":\(counts)",
      "\"validation\":[\((0..<images).map { "{\"name\":\"i\($0)\",\"path\":\"/none\"}" }.joined(separator: ","))]",
      "\"targets\":\((0..<labels * images).map { $0 % 2 == 0 })",
      "\"probabilities\":\([Double](repeating: 0.5, count: labels * images))",
      "\"lossSums\":\([Double](repeating: 700, count: images))",
    ]
    try write("{" + parts.joined(separator: ",") + "}", to: run.result("a"))
    let html = try String(contentsOfFile: RunReport.write(run), encoding: .utf8)
    #expect(html.utf8.count < 1_000_000, "\(html.utf8.count) bytes")
    #expect(html.contains("The 50 commonest of 1000 labels.") && html.contains("<th>label_950</th>"))
    #expect(!html.contains("<th>label_949</th>") && html.contains("<td>label_3</td>") && html.contains("and 970 more"))
  }

  @Test func damagedFilesAreNamed() throws {
    try write("{}", to: run.result("a"))
    #expect(
      "\(try #require(throws: RunError.self) { try RunReport.write(run) })".contains("results/a.json: it is not"))
    try FileManager.default.removeItem(atPath: run.history)
    #expect(
      "\(try #require(throws: RunError.self) { try RunReport.write(run) })".contains("history.csv: it cannot be"))
    #expect(!FileManager.default.fileExists(atPath: run.report))
  }

  /// In a browser: nothing is missing, and on a phone nothing is wider than the screen.
  @Test(.enabled(if: Browser.exists, "needs chromium (Debian: chromium)"), arguments: [390, 1200])
  func inABrowser(width: Int) throws {
    let path = try RunReport.write(run)
    let probe = """
      <script>onload = () => document.title = [document.documentElement.scrollWidth, innerWidth,
        document.querySelectorAll("table").length, document.querySelectorAll("figure").length,
        [...document.images].every(i => i.naturalWidth > 0)].join(" ")</script>
      """
    let html = try String(contentsOfFile: path, encoding: .utf8)
    // Chromium's windows are at least 500 wide; a frame is as narrow as it is told to be.
    let inner = html.replacing("</body>", with: "").replacing("</html>", with: "") + probe
    let outer =
      "<iframe width=\(width) height=800 srcdoc=\"\(escaped(inner))\" "
      + "onload=\"document.title=this.contentDocument.title\"></iframe>"
    try write(outer, to: folder.path("outer.html"))
    let dom = try Browser.dom(folder.path("outer.html"))
    let title = try #require(dom.components(separatedBy: "<title>").last?.components(separatedBy: "</title>").first)
    let values = title.split(separator: " ")
    #expect(Int(values[0]) ?? .max <= Int(values[1]) ?? 0, "\(title)")
    #expect(values.dropFirst(2) == ["4", "4", "true"], "\(title)")
  }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
  }
}

/// Headless Chromium.
enum Browser {
  static let exists = (try? ProgramRun("chromium", ["--version"]).exitCode == 0) ?? false

  /// The page's elements after it has loaded.
  static func dom(_ path: String) throws -> String {
    try ProgramRun(
      "chromium",
      ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom", "file://" + path]
    ).output
  }
}
