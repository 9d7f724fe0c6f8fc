import Foundation
import TestSupport
import Testing

@testable import Recipes
@testable import Scores

@Suite struct ThresholdTests {
  private let predictions = ScoresTests.madeUp

  /// No threshold of the grid is better, by trying all.
  @Test func global() {
    let best = ThresholdSearch(predictions).global()
    #expect(ThresholdSearch.grid.contains(best))
    let scores = ThresholdSearch.grid.map { predictions.fbeta(Thresholds($0, labels: predictions.labels)) }
    #expect(predictions.fbeta(Thresholds(best, labels: predictions.labels)) == scores.max())
    #expect(ThresholdSearch(predictions).sweep() == scores && Set(scores).count > 10)
  }

  /// Moving any one label's threshold does not help any more, by trying all.
  @Test func perLabel() {
    let search = ThresholdSearch(predictions)
    let thresholds = search.perLabel()
    let reached = predictions.fbeta(thresholds)
    #expect(reached > predictions.fbeta(Thresholds(search.global(), labels: predictions.labels)) + 0.001)
    for label in predictions.labels.indices {
      for value in ThresholdSearch.grid {
        var moved = thresholds
        moved[label] = value
        #expect(predictions.fbeta(moved) <= reached + 1e-9, "label \(label) at \(value)")
      }
    }
  }

  /// Two labels on different scales: one threshold cannot serve both, two can.
  @Test func scales() {
    let rows = (0..<8).map { i in (high: i % 2 == 0, low: i % 3 == 0) }
    let predictions = make(rows.map { ($0.high ? 0.9 : 0.6, $0.low ? 0.4 : 0.1) }, rows.map { ($0.high, $0.low) })
    let thresholds = ThresholdSearch(predictions).perLabel()
    #expect((0.6..<0.9).contains(thresholds[0]) && (0.1..<0.4).contains(thresholds[1]))
    #expect(abs(predictions.fbeta(thresholds) - 5.0 / 8) < 1e-6)  // three images have no label, and score 0
  }

  /// Of equally good thresholds, the nearest to the recipe's.
  @Test func ties() {
    let predictions = make([(0.9, 0.05), (0.9, 0.05)], [(true, false), (true, false)])
    #expect(ThresholdSearch(predictions).global() == Recipe.threshold)
    #expect(ThresholdSearch(predictions).perLabel().uniform == Recipe.threshold)
  }

  /// Each half is scored with the other's thresholds: where even and odd images want opposite ones, what was chosen does
  /// harm, and the comparison says so.
  @Test func heldOut() throws {
    let even = (p: (0.5, 0.9), y: (true, true))
    let odd = (p: (0.5, 0.9), y: (false, true))
    let rows = (0..<20).map { $0 % 2 == 0 ? even : odd }
    let predictions = make(rows.map(\.p), rows.map(\.y))
    let comparison = try #require(ThresholdComparison(predictions, given: Thresholds(0.2, labels: predictions.labels)))
    #expect(comparison.globalOfHalves == [0.2, 0.5])
    let (oneOfTwo, twoForOne) = (5.0 / 9, 10.0 / 12)  // F2 of one tag where two are, of two where one is
    #expect(abs(comparison.given - (1 + twoForOne) / 2) < 1e-6)
    #expect(abs(comparison.global - (oneOfTwo + twoForOne) / 2) < 1e-6)
    #expect(comparison.winner == .given && comparison.chosen.uniform == 0.2)
    let strict = try #require(ThresholdComparison(predictions, given: Thresholds(0.95, labels: predictions.labels)))
    #expect(strict.given == 0 && strict.winner == .global && strict.chosen.uniform == 0.2)
  }

  @Test func file() throws {
    let folder = NSTemporaryDirectory() + "planet-dist-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/thresholds.json"
    var thresholds = Thresholds(labels: ["clear", "a \"quoted\" über/label"])
    thresholds[1] = 0.17
    try thresholds.write(to: path)
    #expect(try Thresholds(path: path, labels: thresholds.labels) == thresholds)
    #expect(try Thresholds(path: path, labels: thresholds.labels.reversed()).values == [0.17, 0.2])
    // Files with what they were chosen on: labels and numbers as ever, beside it.
    thresholds.origin = try JSONDecoder().decode(
      DataOrigin.self,
      from: Data(#"{"images": {"count": 2, "digest": "", "held_out": ["i\"1"], "trained_on": []}}"#.utf8))
    try thresholds.write(to: path)
    #expect(try Thresholds(path: path, labels: thresholds.labels) == thresholds)
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect((object as? [String: Any])?["clear"] as? Double == 0.2)
    // A label of the name under which that stands.
    var odd = Thresholds(labels: ["__metadata__"])
    odd.origin = thresholds.origin
    try odd.write(to: path)
    #expect(try Thresholds(path: path, labels: odd.labels).values == [0.2])

    func complaint(_ text: String) throws -> String {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: ScoreError.self) { try Thresholds(path: path, labels: ["a", "b"]) }
      return "\(try #require(error))"
    }
    #expect(try complaint("{\"a\": 0.2}").contains("lacks b, against the model's labels"))
    #expect(
      try complaint("{\"a\": 0.2, \"c\": 0.3, \"d\": 1}").contains("lacks b and has the unknown c, d, against"))
    #expect(try complaint("{\"a\": 0.2, \"b\": 0.3, \"\\u0061\": 0.9}").contains(": 'a' comes twice."))
    for bad in ["0", "1", "-0.5", "7"] {
      #expect(try complaint("{\"a\": 0.2, \"b\": \(bad)}").contains("not a number between 0 and 1"), "\(bad)")
    }
    for bad in [
      "", "[0.2]", "{\"a\": \"0.2\", \"b\": 0.2}", "{\"a\": NaN, \"b\": 0.2}", "\u{0}", "{\"a\": 1e999, \"b\": 0.2}",
      "{\"a\": 0.2, \"b\": 0.2, \"__metadata__\": {\"data\": {\"valid_pct\": 7}}}",
    ] {
      #expect(try complaint(bad).contains("not a JSON object of labels and numbers"), "\(bad)")
    }
    _ = try complaint(String(repeating: "[", count: 100_000))
    #expect(throws: ScoreError.self) { try Thresholds(path: folder, labels: []) }
    #expect(throws: ScoreError.self) { try Thresholds(path: folder + "/none", labels: []) }
  }

  private func make(_ p: [(Double, Double)], _ y: [(Bool, Bool)]) -> Predictions {
    Predictions(
      labels: ["first", "second"], images: Array(p.indices), targets: y.flatMap { [$0.0, $0.1] },
      probabilities: p.flatMap { [$0.0, $0.1] }, lossSums: p.map { _ in 0 })
  }
}
