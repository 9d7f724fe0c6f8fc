import Collectives
import Compute
import PlanetData
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import ResNet
@testable import Runs
@testable import Scores
@testable import Training

/// Ten steps of the trainer against ten of PyTorch in double precision: forward, backward, AdamW and one-cycle together.
@Suite struct TenStepsTests {
  @Test(arguments: [TenSteps.unfrozen, TenSteps.frozen]) func losses(expected: TenSteps) throws {
    let golden = try GoldenNetwork("model")
    let stage = Configuration.Stage(
      name: "golden", index: 0, size: golden.size, frozen: expected.isFrozen, learningRates: expected.peakRates,
      epochs: 1)
    var configuration = Configuration(stages: [stage])
    (configuration.batchSize, configuration.ps, configuration.wd) = (golden.batch, 0, expected.weightDecay)
    let communicator = Communicator.threads(1)[0]
    let replica = try Replica(labels: golden.labels, architecture: golden.arch, among: communicator)
    golden.load(into: replica.parameters)
    let learner = try Learner(
      replica, stage: stage, configuration: configuration, steps: expected.losses.count,
      worker: Worker(communicator, Engine(kernels: Kernels.all[0], threads: Threads(2))))
    var losses: [Double] = []
    for step in expected.losses.indices {
      let batch = Batch(Array(0..<golden.batch), targets: golden.targets(step), size: golden.size) {
        golden.fill($0, batch: step)
      }
      losses.append(try learner.step(batch, step: step, stop: false).loss)
    }
    for (step, (loss, reference)) in zip(losses, expected.losses).enumerated() {
      expectClose([loss], [reference], relative: expected.isFrozen ? 2e-4 : 4e-4, "step \(step)")
    }
    golden.fill(learner.network.images.floats, batch: 0)
    let logits = try learner.network.forward(count: golden.batch, pass: .evaluation)
    let loss = golden.targets(0).withUnsafeBufferPointer {
      MultiLabelLoss.sum(UnsafeBufferPointer(logits.floats), targets: $0) / Double($0.count)
    }
    expectClose([loss], [expected.evaluationLoss], relative: 2e-3, "evaluation")
  }

  @Test func oneCycleOfSixtySteps() {
    let cycle = OneCycle(steps: 60, peaks: LearningRates.range(1e-5, 2e-3).rates(groups: 3))
    for (step, rates, beta1) in oneCycleTable {
      let values = cycle.values(at: step)
      for (rate, expected) in zip(values.rates, rates) {
        #expect(abs(rate - expected) <= 1e-9 * expected, "step \(step)")
      }
      #expect(abs(values.momentum - beta1) < 1e-9)
    }
  }
}
