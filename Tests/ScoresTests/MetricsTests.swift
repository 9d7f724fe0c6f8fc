import Foundation
import PlanetData
import TestSupport
import Testing

@testable import Recipes
@testable import Scores

@Suite struct MetricsTests {
  /// Recipe §8's test vector.
  @Test func vector() {
    let predictions = predictions(
      [[2, -3, -1.3, 0], [-2, -2, -2, -2], [5, 1, -1.5, -1.2]], [[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 0, 1]])
    let counts = predictions.countsOfImages(Thresholds(labels: predictions.labels))
    expectClose(counts.map(\.fbeta), [0.9090909, 0, 1], absolute: 1e-7)
    let metrics = Metrics(predictions)
    expectClose(
      [metrics.fbeta, metrics.accuracyThresh, metrics.loss], [0.6363637, 0.8333333, 0.5751714], absolute: 1e-7)
    expectClose([(0..<3).map(predictions.loss).reduce(0, +) / 3], [metrics.loss], relative: 1e-12)
  }

  /// The threshold is exceeded, not reached: σ(z) > 0.2.
  @Test func thresholdIsStrict() {
    let z = Float(log(0.25))  // σ = 0.2, give or take a rounding
    let below = Metrics(predictions([[z - 1e-5]], [[1]]))
    let above = Metrics(predictions([[z + 1e-5]], [[1]]))
    #expect(below.fbeta == 0 && below.accuracyThresh == 0)
    #expect(above.accuracyThresh == 1)
    #expect(Metrics(predictions([[-9, -9]], [[0, 0]])).fbeta == 0)
    #expect(Metrics(predictions([[0]], [[1]]), thresholds: Thresholds(0.5, labels: ["0"])).accuracyThresh == 0)
  }

  /// Averaged probabilities have the loss of the logits they would come from, and never an infinite one.
  @Test func lossOfProbabilities() throws {
    let fixture = try Fixture(count: 3)
    let labels = fixture.dataset.labels.count
    let logits = values(3 * labels, seed: 4).map { 8 * $0 }
    let one = Predictions(logits: logits, of: [2, 0, 1], in: fixture.dataset)
    let other = Predictions(probabilities: logits.map(Predictions.sigmoid), of: [2, 0, 1], in: fixture.dataset)
    #expect(one.targets == other.targets && one.probabilities == other.probabilities)
    expectClose(other.lossSums, one.lossSums, relative: 1e-12)
    #expect(one.targets.count { $0 } == fixture.dataset.images.reduce(0) { $0 + $1.targets.count })
    let certain = Predictions(probabilities: one.targets.map { $0 ? 0 : 1 }, of: [2, 0, 1], in: fixture.dataset)
    #expect(certain.loss(0) == 100)
  }

  private func predictions(_ logits: [[Float]], _ targets: [[Float]]) -> Predictions {
    Predictions(
      labels: logits[0].indices.map(String.init), images: Array(logits.indices),
      targets: targets.flatMap { $0 }.map { $0 > 0 }, probabilities: logits.flatMap { $0 }.map(Predictions.sigmoid),
      lossSums: zip(logits, targets).map { z, y in
        zip(z, y).reduce(0) { $0 + max(0, Double($1.0)) - Double($1.0 * $1.1) + log1p(exp(-abs(Double($1.0)))) }
      })
  }
}

/// The constant predictions of recipe §2, on the competition's whole label file.
@Suite(.enabled(if: SharedFiles.has("data/train_v2.csv"), "needs ../shared/data/train_v2.csv")) struct BaselineTests {
  @Test func constantPrediction() throws {
    // Images are looked up, not opened: empty files with their names will do.
    let folder = NSTemporaryDirectory() + "planet-dist-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for i in 0..<40_479 { _ = FileManager.default.createFile(atPath: "\(folder)/train_\(i).jpg", contents: nil) }
    let dataset = try Dataset(
      DataLocation(data: folder, labels: SharedFiles.path("data/train_v2.csv"), images: folder))
    let labels = ["primary", "clear", "agriculture", "road", "water"]
    let scores = Baseline.scores(of: labels.compactMap { dataset.labels.firstIndex(of: $0) }, in: dataset)
    for (count, expected) in [(2, 0.647929), (3, 0.675688), (5, 0.675935)] {
      #expect(abs(scores[count - 1] - expected) < 1e-6)
    }
    let best = Baseline(dataset)
    #expect(best.labels == ["primary", "clear", "agriculture", "road", "water", "partly_cloudy"])
    #expect(best.fbeta > 0.675935)
  }
}
