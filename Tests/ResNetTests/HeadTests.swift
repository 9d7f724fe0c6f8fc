import Compute
import Foundation
import TestSupport
import Testing

@testable import ResNet

@Suite struct HeadTests {
  private let engine = Engine(kernels: Kernels.all[0], threads: Threads(1))

  @Test func linear() {
    let parameters = Parameters(labels: 5, architecture: .resnet50)
    let layer = Linear(
      "head.8", inputs: 512, outputs: 5, plan: MemoryPlan(parameters: parameters, engine: engine, parts: 1))
    let (weight, bias) = (parameters.value("head.8.weight"), parameters.value("head.8.bias"))
    for i in 0..<5 * 512 { weight[i] = formula(1, i) }
    for i in 0..<5 { bias[i] = formula(2, i) }
    let arena = Arena()
    let (x, y) = (arena.tensor(Shape(3, 1, 1, 512)), arena.tensor(Shape(3, 1, 1, 5)))
    for i in 0..<3 * 512 { x.data[i] = formula(3, i) }
    layer.forward(x, into: y, pass: Pass(training: true))
    let (xs, ws) = (x.floats.doubles, (0..<5 * 512).map { Double(weight[$0]) })
    let reference = { (bias: [Double]) in Reference.linear(xs, weights: ws, bias: bias) }
    let biases = (0..<5).map { Double(bias[$0]) }
    expectClose(y.floats, reference(biases))
    let dy = arena.tensor(Shape(3, 1, 1, 5))
    for i in 0..<15 { dy.data[i] = formula(4, i) }
    layer.backward(dy, x: x, into: arena.tensor(Shape(3, 1, 1, 512)), pass: Pass(training: true))
    expectClose(
      (0..<5).map { parameters.gradient("head.8.bias")[$0] },
      numericGradient(of: reference, at: biases, dy: dy.floats.doubles),
      relative: 1e-4)
  }

  /// The statistics of two ranks' rows together, not the mean of each rank's.
  @Test func batchNormSumsOverRanks() throws {
    let parameters = Parameters(labels: 2, architecture: .resnet50)
    parameters.initialize(seed: 1)
    let arena = Arena()
    let plan = MemoryPlan(parameters: parameters, engine: engine, parts: 1)
    defer { withExtendedLifetime(plan) {} }
    let norm = BatchNorm("head.6", of: Shape(5, 1, 1, 512), sums: plan.sums, plan: plan)
    let all = values(7 * 512, seed: 1)
    let other = all[5 * 512..<7 * 512].doubles  // another rank's two rows
    let pass = Pass(
      training: true,
      sumOverRanks: { sums in
        for (i, value) in other.enumerated() {
          sums[i % 512] += value
          sums[512 + i % 512] += value * value
        }
        sums[1024] += 2
      })
    let x = arena.tensor(Shape(5, 1, 1, 512))
    _ = x.floats.update(fromContentsOf: all[..<(5 * 512)])
    engine.run(norm.statistics(of: x), on: x)
    try norm.fit(x, pass: pass)
    let (mean, variance) = Reference.statistics(all.doubles, channels: 512)
    expectClose((0..<512).map { norm.mean[$0] }, mean, absolute: 1e-6)
    expectClose((0..<512).map { norm.affine.scale[$0] }, variance.map { 1 / ($0 + 1e-5).squareRoot() })
    expectClose((0..<512).map { parameters.value("head.6.running_mean")[$0] }, mean.map { 0.1 * $0 }, absolute: 1e-6)
    expectClose((0..<512).map { parameters.value("head.6.running_var")[$0] }, variance.map { 0.9 + 0.1 * $0 * 7 / 6 })
  }

  /// The digits of an image's logits must not depend on the batch it was evaluated in.
  @Test func evaluatedImagesDoNotDependOnTheirBatch() {
    let parameters = Parameters(labels: 3, architecture: .resnet50)
    parameters.initialize(seed: 1)
    let layer = Linear(
      "head.4", inputs: 4096, outputs: 512, plan: MemoryPlan(parameters: parameters, engine: engine, parts: 1))
    let arena = Arena()
    let (x, y) = (arena.tensor(Shape(40, 1, 1, 4096)), arena.tensor(Shape(40, 1, 1, 512)))
    for i in 0..<x.shape.count { x.data[i] = formula(1, i) }
    layer.forward(x, into: y, pass: .evaluation)
    let alone = arena.tensor(Shape(1, 1, 1, 512))
    for n in 0..<40 {
      layer.forward(Tensor(x.data + n * 4096, Shape(1, 1, 1, 4096)), into: alone, pass: .evaluation)
      #expect(alone.floats.elementsEqual(y.floats[n * 512..<(n + 1) * 512]), "image \(n)")
    }
    let trained = arena.tensor(y.shape)
    layer.forward(x, into: trained, pass: Pass(training: true))
    expectClose(y.floats, trained.floats.doubles, "both ways")
  }

  @Test func dropout() {
    let arena = Arena()
    func drop(_ images: [Int], step: Int) -> (values: [Float], gradients: [Float]) {
      let layer = Dropout(batch: images.count, width: 1000, arena: arena)
      let x = arena.tensor(Shape(images.count, 1, 1, 1000))
      x.floats.update(repeating: 1)
      var sources = images.map { RandomSource(seed: 9, purpose: .dropout, step, $0) }
      layer.forward(x, rate: 0.25, sources: &sources)
      let dy = arena.tensor(x.shape)
      dy.floats.update(repeating: 2)
      layer.backward(dy)
      return (Array(x.floats), Array(dy.floats))
    }
    let (values, gradients) = drop([3, 8], step: 5)
    #expect(Set(values) == [0, 1 / 0.75])
    #expect(gradients == values.map { 2 * $0 })
    let kept = values.count { $0 > 0 }
    #expect(abs(kept - 1500) < 80)
    // An image's mask is its own, wherever it is in whichever batch; another step has another.
    #expect(Array(values[1000...]) == drop([8], step: 5).values)
    #expect(drop([8], step: 6).values != drop([8], step: 5).values)
  }

  /// Recipe §8's vector, and the gradient against differences in Double.
  @Test func loss() {
    let arena = Arena()
    let logits = arena.tensor(Shape(3, 1, 1, 4))
    _ = logits.floats.update(fromContentsOf: [2, -3, -1.3, 0, -2, -2, -2, -2, 5, 1, -1.5, -1.2])
    let targets: [Float] = [1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1]
    let dLogits = arena.tensor(logits.shape)
    targets.withUnsafeBufferPointer { targets in
      let sum = MultiLabelLoss.sum(UnsafeBufferPointer(logits.floats), targets: targets)
      #expect(abs(sum / 12 - 0.5751714) < 1e-7)
      MultiLabelLoss.backward(logits, targets: targets, images: 3, into: dLogits)
    }
    let mean = { (z: [Double]) in
      [zip(z, targets).reduce(0) { $0 - ($1.1 > 0 ? log(1 / (1 + exp(-$1.0))) : log(1 - 1 / (1 + exp(-$1.0)))) } / 12]
    }
    expectClose(dLogits.floats, numericGradient(of: mean, at: logits.floats.doubles, dy: [1]))
    // Large logits neither overflow nor lose the loss.
    let extreme: [Float] = [200, -200]
    let wrong: [Float] = [0, 1]
    let sum = extreme.withUnsafeBufferPointer { z in
      wrong.withUnsafeBufferPointer { MultiLabelLoss.sum(z, targets: $0) }
    }
    #expect(sum == 400)
  }
}
