import Foundation
import TestSupport
import Testing

@testable import Recipes
@testable import Scores

/// Against scikit-learn (Golden/scores.py), and cases small enough to see.
@Suite struct ScoresTests {
  /// scores.py's formulas.
  static let madeUp: Predictions = {
    let (images, bounds) = (120, [13, 8, 5, 2, 0, 6])
    var (targets, probabilities): ([Bool], [Double]) = ([], [])
    for i in 0..<images {
      for l in bounds.indices {
        targets.append((i * i * 7 + i * l * 3 + l) % 23 < bounds[l])
        let other = (targets[targets.count - 1] ? 13 : 0) + (i * 53 + l * 29 + i * l * 7) % 45
        probabilities.append(Double(l == 5 ? 9 + i % 7 : other) / 64)
      }
    }
    return Predictions(
      labels: ["a", "b", "c", "d", "nobody's", "never"], images: Array(0..<images), targets: targets,
      probabilities: probabilities, lossSums: [Double](repeating: 0, count: images))
  }()

  @Test func labelScores() {
    let scores = LabelScores(Self.madeUp, thresholds: Thresholds(0.25, labels: Self.madeUp.labels))
    #expect(scores.labels.map(\.support) == Scores.support)
    expect(scores.labels.map(\.precision), Scores.precision)
    expect(scores.labels.map(\.recall), Scores.recall)
    expect(scores.labels.map(\.f2), Scores.f2)
    expect(scores.labels.map(\.averagePrecision), Scores.averagePrecision)
    expect([scores.microF2, scores.macroF2], [Scores.microF2, Scores.macroF2])
    let applicable = Scores.averagePrecision.compactMap { $0 }
    expect([scores.meanAveragePrecision], [applicable.reduce(0, +) / Double(applicable.count)])
    #expect(scores.labels.map(\.label) == Self.madeUp.labels && scores.labels.allSatisfy { $0.threshold == 0.25 })
    #expect(scores.labels[5].predicted == 0 && scores.labels[4].predicted > 0)
  }

  @Test func calibration() {
    let calibration = Calibration(Self.madeUp)
    let filled = calibration.bins.filter { $0.decisions > 0 }
    #expect(calibration.bins.map(\.decisions) == Scores.binCounts)
    expect(filled.map(\.meanProbability), Scores.binMeans)
    expect(filled.map(\.fractionTrue), Scores.binFractions)
    expect([calibration.expectedCalibrationError], [Scores.expectedCalibrationError])
    expect([calibration.brierScore], [Scores.brierScore])
    #expect(calibration.bins[9].meanProbability == nil && calibration.bins[9].fractionTrue == nil)
  }

  @Test func averagePrecisionByHand() {
    #expect(AveragePrecision.score([0.9, 0.8, 0.7], [true, false, true]) == 0.5 * 1 + 0.5 * 2 / 3)
    #expect(AveragePrecision.score([0.5, 0.5, 0.5, 0.5], [false, true, false, false]) == 0.25)
    #expect(AveragePrecision.score([0.1, 0.2], [true, true]) == 1)
    #expect(AveragePrecision.score([0.1, 0.2], [false, false]) == nil)
    #expect(AveragePrecision.score([], []) == nil)
  }

  /// Where nobody is right or wrong, nothing divides by zero.
  @Test func nothing() {
    let none = Predictions(labels: ["a"], images: [], targets: [], probabilities: [], lossSums: [])
    let thresholds = Thresholds(labels: ["a"])
    #expect(Metrics(none) == Metrics(none, thresholds: thresholds) && Metrics(none).loss == 0)
    let scores = LabelScores(none, thresholds: thresholds)
    #expect(scores.microF2 == 0 && scores.macroF2 == nil && scores.meanAveragePrecision == nil)
    #expect(Calibration(none).expectedCalibrationError == 0)
    #expect(ThresholdComparison(none, given: thresholds) == nil)
  }

  private func expect(_ actual: [Double?], _ expected: [Double?], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(actual.map { $0 == nil } == expected.map { $0 == nil }, sourceLocation: sourceLocation)
    expectClose(
      actual.compactMap { $0 }, expected.compactMap { $0 }, relative: 1e-12, absolute: 0,
      sourceLocation: sourceLocation)
  }
}
