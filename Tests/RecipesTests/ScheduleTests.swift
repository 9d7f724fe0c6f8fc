import Runs
import Scores
import TestSupport
import Testing

@testable import Recipes

@Suite struct ScheduleTests {
  /// Recipe §6's worked values for a stage of 2,530 steps.
  @Test(arguments: [
    (0, 0.0004, 0.95), (1, 0.0004000411175, 0.9499995717), (100, 0.0008053387887, 0.945777721),
    (379, 0.005190066117, 0.9001034779), (506, 0.0076, 0.875), (759, 0.01, 0.85), (760, 0.009999992133, 0.8500000787),
    (1518, 0.006112620219, 0.8888739533), (2024, 0.001882583461, 0.9311744901), (2529, 4.786684839e-08, 0.9499999213),
  ]) func oneCycle(step: Int, rate: Double, beta1: Double) {
    let values = OneCycle(steps: 2530, peaks: [0.001, 0.01]).values(at: step)
    #expect(abs(values.rates[1] - rate) < 1e-9 * 0.01 + 1e-9 * rate)
    #expect(abs(values.rates[0] - rate / 10) < 1e-11)
    #expect(abs(values.momentum - beta1) < 1e-9)
  }

  @Test func oneCycleOfFewSteps() {
    for steps in 1...4 {
      let cycle = OneCycle(steps: steps, peaks: [1])
      #expect(
        (0..<steps).allSatisfy { cycle.values(at: $0).rates[0].isFinite && cycle.values(at: $0).momentum <= 0.95 })
    }
  }

  /// Recipe §5 and the opening table.
  @Test func slices() {
    #expect(LearningRates.uniform(0.1).rates(groups: 3) == [0.1, 0.1, 0.1])
    #expect(LearningRates.slice(0.01).rates(groups: 3) == [0.001, 0.001, 0.01])
    expectClose(LearningRates.range(1e-5, 0.002).rates(groups: 3), [1e-5, 1.41421356e-4, 2e-3], relative: 1e-9)
    expectClose(Recipe.peak(frozen: false, lr: 1e-3).rates(groups: 3), [1e-5, 4.47213595e-5, 2e-4], relative: 1e-8)
  }

  /// A constant loss stays itself; two losses against the formula by hand.
  @Test func smoothedLoss() {
    var smoothed = SmoothedLoss()
    #expect(smoothed.value == nil)
    smoothed.add(0.5)
    expectClose([smoothed.value ?? 0], [0.5], relative: 1e-12)
    smoothed.add(0.1)
    expectClose([smoothed.value ?? 0], [(0.98 * 0.02 * 0.5 + 0.02 * 0.1) / (1 - 0.98 * 0.98)], relative: 1e-12)
  }

  @Test func rowsAsFastaiPrintsThem() {
    let metrics = Metrics(loss: 0.08676149, accuracyThresh: 0.9564, fbeta: 0.92511)
    let row = HistoryRow(stage: "a", epoch: 4, trainLoss: 0.09232, metrics: metrics, seconds: 59.9)
    #expect(row.cells == ["4", "0.092320", "0.086761", "0.956400", "0.925110", "00:59"])
    #expect(HistoryRow.clock(3723) == "1:02:03")
    #expect(HistoryRow.columns == ["epoch", "train_loss", "valid_loss", "accuracy_thresh", "fbeta", "time"])
  }
}
