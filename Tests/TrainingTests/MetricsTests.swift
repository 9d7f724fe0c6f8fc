import Collectives
import Foundation
import PlanetData
import TestSupport
import Testing

@testable import Training

@Suite struct MetricsTests {
  /// Recipe §8's test vector.
  @Test func vector() {
    let logits: [[Float]] = [[2, -3, -1.3, 0], [-2, -2, -2, -2], [5, 1, -1.5, -1.2]]
    let targets: [[Float]] = [[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 0, 1]]
    let scores = zip(logits, targets).map(score)
    expectClose(scores.map(\.fbeta), [0.9090909, 0, 1], absolute: 1e-7)
    expectClose([scores.map(\.fbeta).reduce(0, +) / 3], [0.6363637], absolute: 1e-7)
    expectClose([scores.map(\.correct).reduce(0, +) / 12], [0.8333333], absolute: 1e-7)
    expectClose([scores.map(\.lossSum).reduce(0, +) / 12], [0.5751714], absolute: 1e-7)
  }

  /// The threshold is exceeded, not reached: σ(z) > 0.2.
  @Test func thresholdIsStrict() {
    let z = Float(log(0.25))  // σ = 0.2, give or take a rounding
    let below = score([z - 1e-5], [1])
    let above = score([z + 1e-5], [1])
    #expect(below.fbeta == 0 && below.correct == 0)
    #expect(above.correct == 1)
    #expect(score([-9, -9], [0, 0]).fbeta == 0)
  }

  /// Every number of ranks reports the same digits, and each image counts once.
  @Test(arguments: [1, 2, 3, 5, 8]) func sameForEveryWorldSize(size: Int) throws {
    let scores = (0..<101).map {
      score(values(7, seed: $0).map { 8 * $0 }, (0..<7).map { i in formula(i, 3) > 0 ? 1 : 0 })
    }
    let metrics = try onRanks(size) { communicator in
      var board = ScoreBoard(images: scores.count)
      for i in scores.count * communicator.rank / size..<scores.count * (communicator.rank + 1) / size {
        board.record(scores[i], at: i)
      }
      return try board.metrics(labels: 7, communicator: communicator)
    }
    let expected = scores.reduce(0.0) { $0 + $1.fbeta } / 101
    #expect(metrics.allSatisfy { $0 == metrics[0] })
    #expect(metrics[0].fbeta == expected)
    #expect(metrics[0].loss == scores.reduce(0.0) { $0 + $1.lossSum } / 101 / 7)
  }

  private func score(_ logits: [Float], _ targets: [Float]) -> ImageScore {
    logits.withUnsafeBufferPointer { logits in
      targets.withUnsafeBufferPointer { ImageScore(logits: logits, targets: $0) }
    }
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
    let labels = ["clear", "primary", "agriculture", "road", "water"]
    for (count, expected) in [(2, 0.647929), (3, 0.675688), (5, 0.675935)] {
      let predicted = Set(labels.prefix(count).compactMap { dataset.labels.firstIndex(of: $0) })
      #expect(abs(Baseline.fbeta(predicting: predicted, in: dataset) - expected) < 1e-6)
    }
    let best = Baseline(dataset)
    #expect(best.labels == ["primary", "clear", "agriculture", "road", "water", "partly_cloudy"])
    #expect(best.fbeta > 0.675935)
  }
}
