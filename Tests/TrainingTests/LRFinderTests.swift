import Collectives
import Compute
import Foundation
import PlanetData
import ResNet
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores
@testable import Training

@Suite struct LRFinderTests {
  /// Recipe §7's worked values.
  @Test(arguments: [(0, 1e-7), (50, 1e-3), (75, 0.1), (80, 0.25118864), (90, 1.5848932), (99, 8.3176377)])
  func rate(step: Int, expected: Double) {
    let values = LRFinder().values(at: step)
    #expect(values.momentum == 0.9)
    #expect(values.rates.count == 3 && values.rates.allSatisfy { abs($0 - expected) < 1e-7 * expected })
  }

  /// What `numpy.gradient` gives.
  @Test func gradient() {
    #expect(LRCurve.gradient([1, 2, 4, 7, 11, 3]) == [1, 1.5, 2.5, 3.5, -2, -8])
    #expect(LRCurve.gradient([1, 4]) == [3, 3])
    #expect(LRCurve.gradient([1]) == [] && LRCurve.gradient([]) == [])
  }

  private func curve(_ losses: [Double]) -> LRCurve {
    var curve = LRCurve()
    for (k, loss) in losses.enumerated() { _ = curve.next(lr: LRFinder().rate(at: k), loss: loss) }
    return curve
  }

  /// More than four times the best smoothed loss, where the first loss counts as the best so far.
  @Test func divergence() {
    #expect(!curve([]).hasDiverged)
    #expect(!curve([1e9]).hasDiverged)
    // After a 1, the next loss z smooths to (0.98 · 0.02 · 1 + 0.02 z) / (1 - 0.98²) = (0.98 + z) / 1.98.
    #expect(!curve([1, 4 * 1.98 - 0.98 - 1e-9]).hasDiverged)
    #expect(curve([1, 4 * 1.98 - 0.98 + 1e-9]).hasDiverged)
    #expect(curve([1, .nan]).hasDiverged)
    #expect(curve([.nan]).hasDiverged)
    #expect(curve([1, .infinity]).hasDiverged)
  }

  /// 30 losses, of which the first 10 and the last 5 do not count; steepest between k = 16 and 18, lowest at k = 20.
  @Test func suggestions() throws {
    let steps: [Double] = (0..<30).map { k in
      switch k {
      case ..<16: 0
      case 16: -1
      case 17: -5
      case 18...20: -0.5
      default: 1
      }
    }
    let found = try #require(curve(unsmoothed(from: steps)).suggestions)
    #expect(abs(found.minGradient / LRFinder().rate(at: 16) - 1) < 1e-9)
    #expect(abs(found.minLossDividedBy10 / (LRFinder().rate(at: 20) / 10) - 1) < 1e-9)
    #expect(found.lines == ["Min numerical gradient: 1.91E-06", "Min loss divided by 10: 3.98E-07"])
    #expect(curve(Array(repeating: 1, count: 16)).suggestions == nil)
    #expect(curve(Array(repeating: 1, count: 17)).suggestions != nil)
  }

  /// Losses whose moving average starts at 100 and changes by `steps`.
  private func unsmoothed(from steps: [Double]) -> [Double] {
    var (average, before) = (0.0, 100.0)
    return steps.enumerated().map { k, step in
      let target = before + step
      let next = target * (1 - pow(0.98, Double(k + 1)))
      defer { (average, before) = (next, target) }
      return (next - 0.98 * average) / 0.02
    }
  }

  /// numpy and fastai's own lines, where Python has numpy.
  @Test(.enabled(if: Python.has("numpy"), "needs Python's numpy")) func asNumpyAndFastai() throws {
    let losses = (0..<60).map { (k: Int) -> Double in
      let fall: Double = 0.4 / (1 + exp(Double(35 - k) / 4))
      return 0.7 + Double(formula(k, 3)) / 20 - fall
    }
    let curve = curve(losses)
    let script = """
      import numpy as np
      lrs = [1e-7 * (10 / 1e-7) ** (k / 100) for k in range(60)]
      m, smooth = 0.0, []
      for k, loss in enumerate(\(losses)):
          m = 0.98 * m + 0.02 * loss
          smooth.append(m / (1 - 0.98 ** (k + 1)))
      lrs, smooth = lrs[10:-5], smooth[10:-5]
      print(f"Min numerical gradient: {lrs[np.gradient(np.array(smooth)).argmin()]:.2E}")
      print(f"Min loss divided by 10: {lrs[np.argmin(smooth)] / 10:.2E}")
      """
    #expect(try Python.run(script) == (curve.suggestions?.lines ?? []).map { $0 + "\n" }.joined())
  }

  /// The loss runs away, to four times its best or to no number: the test ends early, on all ranks with the same
  /// points, and everything a stage goes on with is what it was, to the bit. Not only before the first step.
  @Test(arguments: [(1, 1.0), (2, 1e30)]) func restoresEverything(ranks: Int, startLR: Double) throws {
    let fixture = try Fixture()
    let (configuration, dataset, folder) = (Fixture.configuration(), fixture.dataset, fixture.run("run"))
    let results = try onRanks(ranks) { communicator in
      let trainer = try Trainer(
        configuration, dataset: dataset, folder: folder, worker: slowWorker(communicator))
      let stage = configuration.stages[1]
      try trainer.load(.random)
      let learner = try Learner(
        trainer.replica, stage: stage, configuration: configuration, steps: 4, worker: trainer.worker)
      let batches = trainer.loader(stage, epoch: 0)
      let batch = try #require(try batches.next())
      _ = try learner.step(batch, step: 0, stop: false)
      let before = Snapshot(learner)
      var finder = LRFinder()
      (finder.startLR, finder.endLR, finder.numIt) = (startLR, 1e38, 40)
      let curve = try finder.run(learner, communicator: communicator, loader: { trainer.loader(stage, epoch: $0) })
      return (losses: curve.points.map(\.loss), before: before, after: Snapshot(learner))
    }
    for result in results {
      #expect(result.losses.count > 1 && result.losses.count < 40)
      #expect(result.losses.last?.isNaN == (startLR > 1))
      #expect("\(result.losses)" == "\(results[0].losses)")
      #expect(result.after == result.before && result.before.step == 1 && result.after.followsOneCycle)
    }
  }

  /// As many steps as asked for, over several epochs of two batches; the same curve on one rank and on two.
  @Test func worldSizeDoesNotMatter() throws {
    let fixture = try Fixture(count: 15)
    var configuration = Fixture.configuration()
    configuration.batchSize = 6
    configuration.stages[0].size = 64
    let (dataset, folder, settings) = (fixture.dataset, fixture.run("run"), configuration)
    let curves = try [1, 2].map { ranks in
      try onRanks(ranks) { communicator in
        let trainer = try Trainer(
          settings, dataset: dataset, folder: folder, worker: slowWorker(communicator))
        var finder = LRFinder()
        (finder.endLR, finder.numIt) = (1e-3, 7)
        return try trainer.findLearningRate(finder, from: .random).points.map(\.loss)
      }
    }
    #expect(curves[0][0].count == 7 && curves[1][0] == curves[1][1])
    expectClose(curves[1][0], curves[0][0], relative: 1e-3)
    #expect(Set(curves[0][0]).count == 7)
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }
}

/// What must not have changed.
private struct Snapshot: Equatable {
  let arenas: [UInt64]
  let step: Int
  let followsOneCycle: Bool

  init(_ learner: Learner) {
    let arenas =
      [learner.parameters.values, learner.parameters.runningStatistics] + learner.optimizer.state.map(\.values)
    self.arenas = arenas.map(hash)
    step = learner.optimizer.step
    followsOneCycle = learner.schedule is OneCycle
  }
}
