import Collectives
import Compute
import PlanetData
import TestSupport
import Testing
import Training

@testable import Recipes

@Suite struct EpochPlanTests {
  /// What training loads is what the plan says, and the plan is what other seeds, stages and epochs do not share.
  @Test func trainingFollowsThePlan() throws {
    let fixture = try Fixture()
    let (configuration, dataset) = (Fixture.configuration(), fixture.dataset)
    let trainer = try Trainer(
      configuration, dataset: dataset, folder: fixture.run("run"), worker: slowWorker(Communicator.threads(1)[0]))
    let stage = configuration.stages[1]
    let batch = try #require(try trainer.loader(stage, epoch: 1).next())
    let plan = configuration.plan(stage, epoch: 1, images: dataset.train)
    #expect(batch.indices == Array(plan.order.indices.prefix(8)))
    for (place, index) in batch.indices.enumerated() {
      #expect(plan.augmentation(of: index) == .random(seed: 1 << 32 | 1, epoch: 1, image: index))
      var values = [Float](repeating: 0, count: 32 * 32 * 3)
      let image = try Image.decode(dataset.images[index].path)
      values.withUnsafeMutableBufferPointer { Renderer(size: 32).render(image, plan.augmentation(of: index), into: $0) }
      values.withUnsafeBufferPointer {
        #expect(batch.image(at: place) == Image(width: 32, height: 32, normalized: $0))
      }
    }
    let later = try #require(try trainer.loader(stage, epoch: 1, from: 1).next())
    #expect(later.indices == Array(plan.order.indices[8..<16]))
    for (other, epoch) in [(configuration.stages[0], 1), (stage, 0)] {
      #expect(configuration.plan(other, epoch: epoch, images: dataset.train).order != plan.order)
    }
  }

  @Test func withoutShuffleAndAugmentation() {
    var configuration = Fixture.configuration()
    (configuration.shuffle, configuration.augment) = (false, false)
    let plan = configuration.plan(configuration.stages[0], epoch: 3, images: [5, 2, 9])
    #expect(plan.order.indices == [5, 2, 9] && plan.augmentation(of: 2) == .identity)
  }
}
