import Compute
import TestSupport
import Testing

@testable import ResNet

/// The whole network against PyTorch in double precision, in every kernel set of this CPU.
@Suite struct GoldenTests {
  @Test(arguments: ["model", "model-odd", "model-resnet101"], Kernels.all.indices) func network(name: String, set: Int)
    throws
  {
    let golden = try GoldenNetwork(name)
    let parameters = golden.parameters()
    #expect(Set(parameters.all.map(\.name)) == Set(golden.tensors))
    let engine = Engine(kernels: Kernels.all[set], threads: Threads(2))
    let network = Network(parameters, imageSize: golden.size, batch: golden.batch, engine: engine)
    golden.fill(network.images.floats, batch: golden.batchNumber)
    let evaluation = try network.forward(count: golden.batch, pass: .evaluation)
    // Plain C on x86-64 rounds products too, and adds 4,096 of them one by one.
    expectClose(evaluation.floats, golden.evaluationLogits, relative: 4e-5, "evaluation logits")

    let pass = Pass(training: true)
    let logits = try network.forward(count: golden.batch, pass: pass)
    expectClose(logits.floats, golden.trainingLogits, relative: 2e-4, "training logits")
    let targets = golden.targets(golden.batchNumber)
    targets.withUnsafeBufferPointer { targets in
      let loss = MultiLabelLoss.sum(UnsafeBufferPointer(logits.floats), targets: targets) / Double(targets.count)
      expectClose([loss], [golden.loss], relative: 1e-5, "loss")
      // In place: the logits are not needed any more.
      MultiLabelLoss.backward(logits, targets: targets, images: golden.batch, into: logits)
    }
    try network.backward(logits, pass: pass)
    for parameter in parameters.trainable {
      let expected = try #require(golden.gradients[parameter.name])
      let found = golden.summary(parameters.exportedGradient(parameter), of: parameter.name)
      // PyTorch's own fp32 is 7e-5 off; a unit within rounding of zero before a ReLU can make it 1e-2.
      expectClose(found, expected, relative: 0, absolute: 1.5e-2 * expected[0], "gradient of \(parameter.name)")
    }
    for statistic in parameters.statistics {
      let expected = try #require(golden.runningStatistics[statistic.name])
      expectClose(
        golden.summary(parameters.exported(statistic), of: statistic.name), expected, relative: 1e-5, statistic.name)
    }
  }

  /// bf16 is the same network with coarser activations, whether the set has instructions for them or not.
  @Test(arguments: Kernels.all.indices) func bf16(set: Int) throws {
    let golden = try GoldenNetwork("model")
    let parameters = golden.parameters()
    let engine = Engine(kernels: Kernels.all[set], threads: Threads(2), precision: .bf16)
    let network = Network(parameters, imageSize: golden.size, batch: golden.batch, engine: engine)
    golden.fill(network.images.floats, batch: golden.batchNumber)
    let evaluation = try network.forward(count: golden.batch, pass: .evaluation)
    expectClose(evaluation.floats, golden.evaluationLogits, relative: 0.02, "evaluation logits")
    let pass = Pass(training: true)
    let logits = try network.forward(count: golden.batch, pass: pass)
    // Pairs of bf16 are rounded weights and normalized values too, and tiles add them in two chains.
    let tolerance = engine.kernels.products(.bf16) == "tiles" ? 0.15 : 0.1
    expectClose(logits.floats, golden.trainingLogits, relative: tolerance, "training logits")
    let targets = golden.targets(golden.batchNumber)
    targets.withUnsafeBufferPointer { targets in
      let loss = MultiLabelLoss.sum(UnsafeBufferPointer(logits.floats), targets: targets) / Double(targets.count)
      expectClose([loss], [golden.loss], relative: 0.02, "loss")
      MultiLabelLoss.backward(logits, targets: targets, images: golden.batch, into: logits)
    }
    try network.backward(logits, pass: pass)
    // A batch this small, on random weights, amplifies rounding: single gradients are half off, but on the whole they
    // must agree.
    let deviations = try parameters.trainable.map { parameter in
      let expected = try #require(golden.gradients[parameter.name])
      return abs(golden.summary(parameters.exportedGradient(parameter), of: parameter.name)[0] / expected[0] - 1)
    }
    #expect(deviations.reduce(0, +) / Double(deviations.count) < 0.4)
  }

  /// Frozen, the body's filters get no gradient; everything else the same as unfrozen.
  @Test func frozen() throws {
    let golden = try GoldenNetwork("model")
    let parameters = golden.parameters()
    let network = Network(
      parameters, imageSize: golden.size, batch: golden.batch,
      engine: Engine(kernels: Kernels.all[0], threads: Threads(2)))
    golden.fill(network.images.floats, batch: 0)
    func gradients(frozen: Bool) throws -> [Float] {
      parameters.gradients.update(repeating: 7)
      let pass = Pass(training: true, frozen: frozen)
      let logits = try network.forward(count: golden.batch, pass: pass)
      try network.backward(logits, pass: pass)
      return Array(parameters.gradients)
    }
    let (all, some) = (try gradients(frozen: false), try gradients(frozen: true))
    for parameter in parameters.trainable {
      if parameter.trainsFrozen {
        #expect(all[parameter.range] == some[parameter.range], "\(parameter.name)")
      } else {
        #expect(some[parameter.range].allSatisfy { $0 == 7 }, "\(parameter.name)")
      }
    }
    let trained = { (frozen: Bool) in
      parameters.buckets.flatMap { $0.pieces(frozen: frozen) }.reduce(0) { $0 + $1.values.count }
    }
    #expect(trained(true) == 2_168_721 && trained(false) == 25_623_633)  // recipe §4
  }

  /// Cut into buckets, which take turns in one piece of memory, gradients are the same: each bucket is complete, and nothing
  /// of the next one written, when backward has done as many layers as it says.
  @Test func buckets() throws {
    let engine = Engine(kernels: Kernels.all[0], threads: Threads(2))
    func gradients(bucketRoom: Int?) throws -> (values: [Float], room: Int) {
      let parameters = Parameters(labels: 3, architecture: .resnet50, bucketRoom: bucketRoom) { _, _ in nil }
      parameters.initialize(seed: 4)
      let network = Network(parameters, imageSize: 32, batch: 2, engine: engine)
      for i in network.images.floats.indices { network.images.floats[i] = Float(i * 7919 % 1009) / 500 - 1 }
      var (values, layers) = ([Float](repeating: .nan, count: parameters.values.count), 0)
      var waiting = parameters.buckets[...]
      let pass = Pass(
        training: true,
        layerDone: {
          layers += 1
          guard waiting.first?.layersDone == layers, let bucket = waiting.popFirst() else { return }
          for piece in bucket.pieces(frozen: false) {
            let gradients = piece.gradients..<piece.gradients + piece.values.count
            values.replaceSubrange(
              piece.values, with: UnsafeMutableBufferPointer(rebasing: parameters.gradients[gradients]))
          }
          parameters.gradients.update(repeating: .nan)
        })
      try network.backward(try network.forward(count: 2, pass: pass), pass: pass)
      #expect(waiting.isEmpty)
      return (values, parameters.gradients.count)
    }
    let (whole, parts) = (try gradients(bucketRoom: .max), try gradients(bucketRoom: nil))
    #expect(whole.values == parts.values)  // also: none is left out, since not-a-number is not equal to itself
    #expect(whole.room == whole.values.count && parts.room == 512 * 512 * 9 + 2 * 512)
  }

  /// He's initialization: the variance each tensor should have, and the same values for the same seed.
  @Test func initialization() {
    let parameters = Parameters(labels: 17, architecture: .resnet50)
    parameters.initialize(seed: 4)
    for parameter in parameters.trainable where parameter.kind == .linear || parameter.kind == .convolution {
      let values = parameters.exported(parameter)
      let fan =
        parameter.kind == .linear ? parameter.shape[1] : parameter.shape[0] * parameter.shape[2] * parameter.shape[3]
      let variance = values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(values.count)
      #expect(abs(variance * Double(fan) / 2 - 1) < 0.1, "\(parameter.name)")
    }
    let before = hash(parameters.values)
    parameters.initialize(seed: 4)
    #expect(hash(parameters.values) == before)
    parameters.initialize(seed: 5)
    #expect(hash(parameters.values) != before)
  }

  /// PyTorch's layout and back is the identity.
  @Test func stateDict() {
    let (a, b) = (Parameters(labels: 3, architecture: .resnet50), Parameters(labels: 3, architecture: .resnet50))
    a.initialize(seed: 4)
    for parameter in a.all { b.load(a.exported(parameter), into: parameter) }
    #expect(hash(a.values) == hash(b.values) && hash(a.runningStatistics) == hash(b.runningStatistics))
  }
}
