import Checkpoints
import Collectives
import Compute
import PlanetData
import Runs
import TestSupport
import Testing

@testable import Recipes
@testable import ResNet
@testable import Training

/// Parameters that ranks have once.
@Suite struct ReplicaTests {
  private static let labels = 3

  /// The slices of some parameters are cut without gap or overlap, about equally large; on every host each has one owner.
  @Test(arguments: [(1, 1), (2, 2), (5, 5), (4, 2), (5, 2), (7, 3), (3, 1)])
  func slices(ranks: Int, perHost: Int) throws {
    let pieces = [(3..<10, 0), (20..<48, 7), (100..<1000, 40)].map {
      GradientBucket.Piece(group: 1, values: $0.0, gradients: $0.1)
    }
    let owned = try onRanks(ranks, perHost: perHost) { communicator in
      let replica = try Replica(labels: Self.labels, architecture: .resnet50, among: communicator)
      #expect(replica.isShared == (ranks > 1) && communicator.slices == perHost)
      return replica.slices(of: pieces)
    }
    for first in stride(from: 0, to: ranks, by: perHost) {
      let host = owned[first..<min(first + perHost, ranks)].flatMap { $0 }.sorted { $0.number < $1.number }
      #expect(host.map(\.number) == Array(0..<perHost))
      let parts = host.map {
        $0.pieces.flatMap { piece in piece.values.enumerated().map { [$1, piece.gradients + $0] } }
      }
      let all = pieces.flatMap { piece in piece.values.enumerated().map { [$1, piece.gradients + $0] } }
      #expect(parts.flatMap { $0 } == all)
      #expect((parts.map(\.count).max() ?? 0) - (parts.map(\.count).min() ?? 0) <= 1)
    }
  }

  /// What one rank writes all see, and each writes its part.
  @Test(arguments: [2, 3]) func everyRankSeesAll(ranks: Int) throws {
    let seen = try onRanks(ranks) { communicator in
      let replica = try Replica(labels: Self.labels, architecture: .resnet50, among: communicator)
      let values = replica.parameters.values
      try replica.write { for i in $0 { values[i] = Float(communicator.rank + 1) } }
      let snapshot = try Snapshot(of: replica)
      try replica.write { for i in $0 { values[i] = 0 } }
      try snapshot.swap()
      defer { withExtendedLifetime(replica) {} }
      return (0..<ranks).map { values[($0 * 2 + 1) * values.count / (2 * ranks)] }
    }
    #expect(seen == Array(repeating: (1...ranks).map(Float.init), count: ranks))
  }

  /// A host's gradients are summed in a tree over its ranks.
  @Test(arguments: [2, 3, 4, 7]) func sums(ranks: Int) throws {
    let range = 1000..<9000
    let value = { @Sendable (rank: Int, i: Int) in Float(rank * 7919 + i % 997) / 31 }
    let sums = try onRanks(ranks) { communicator in
      let replica = try Replica(labels: Self.labels, architecture: .resnet50, among: communicator)
      let gradients = replica.parameters.gradients
      for i in range { gradients[i] = value(communicator.rank, i) }
      let sums = OwnedFloats(range.count)
      try communicator.barrier()
      replica.sumGradients(range, into: sums.values, at: 0, on: Threads(2))
      try communicator.barrier()
      defer { withExtendedLifetime(replica) {} }
      return Array(sums.values)
    }
    for (i, k) in zip(range, 0...) {
      // Branches of 1, 2 and 4 ranks; the smaller ones come last, and are added first.
      var (branches, first): ([Float], Int) = ([], 0)
      for size in [4, 2, 1] where ranks & size != 0 {
        branches.append(tree((first..<first + size).map { value($0, i) }))
        first += size
      }
      let expected = branches.dropLast().reversed().reduce(branches[branches.count - 1]) { $1 + $0 }
      #expect(sums.allSatisfy { $0[k] == expected })
    }
  }

  private func tree(_ terms: [Float]) -> Float {
    if terms.count == 1 { return terms[0] }
    return tree(Array(terms.prefix(terms.count / 2))) + tree(Array(terms.suffix(terms.count / 2)))
  }

  /// Two ranks train to the same bits whether they share memory or send messages; with everything that is kept of the
  /// weights.
  @Test func sharingChangesNoBit() throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration(epochs: 1)
    (configuration.ema, configuration.keepBest) = (0.9, true)
    for messages in [false, true] {
      _ = try fixture.train(configuration, in: fixture.run("\(messages)"), ranks: 2, messages: messages)
    }
    let tensors = { try SafeTensors.read(fixture.run($0).model("stage-2-rn50")).tensors }
    #expect(try tensors("true") == tensors("false"))
  }

  /// However many ranks, hosts and threads: the same bits of weights, losses and scores. Eight ranks, because a batch has as
  /// many parts; batches of 6, so that some parts are empty.
  @Test(arguments: [Precision.fp32, .bf16]) func ranksAndThreadsChangeNoBit(precision: Precision) throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration(epochs: 1)
    configuration.batchSize = 6
    let train = { (ranks: Int, perHost: Int, threads: Int) in
      let run = fixture.run("\(ranks)-\(perHost)-\(threads)")
      let result = try fixture.train(
        configuration, in: run, ranks: ranks, perHost: perHost, threads: threads, precision: precision)
      return (try SafeTensors.read(run.model("stage-2-rn50")).tensors, result)
    }
    let (weights, result) = try train(1, 1, 1)
    for (ranks, perHost, threads) in [(1, 1, 3), (2, 1, 1), (4, 4, 2), (8, 8, 1), (8, 2, 1)] {
      let (others, other) = try train(ranks, perHost, threads)
      let what: Comment = "\(ranks) ranks, \(perHost) on a host, of \(threads) threads"
      #expect(others == weights, what)
      #expect(other.steps.map(\.loss) == result.steps.map(\.loss), what)
      #expect(other.rows.map(\.metrics) == result.rows.map(\.metrics), what)
    }
  }

  /// Hosts that are no power of two, or have not as many ranks each, train all the same; that their replicas are equal,
  /// training itself makes sure.
  @Test(arguments: [(3, 1), (4, 3)]) func unequalHosts(ranks: Int, perHost: Int) throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration(epochs: 1)
    (configuration.ema, configuration.keepBest) = (0.9, true)
    let result = try fixture.train(configuration, in: fixture.run("run"), ranks: ranks, perHost: perHost)
    #expect(result.outcome == .finished && result.rows.count == 2)
  }

  /// However many buckets forward finds still on their way, and however many threads each rank has, steps have the same bits.
  @Test(arguments: [1, 3, 100]) func deferring(buckets: Int) throws {
    let stage = Configuration.Stage(
      name: "stage", index: 0, size: 32, frozen: false, learningRates: [1e-3, 1e-3, 1e-3], epochs: 1)
    var configuration = Configuration(stages: [stage])
    configuration.batchSize = 4
    let weights = { @Sendable [configuration] (deferred: Int, hasOwnThreads: Bool) in
      try onRanks(4, perHost: 2) { communicator in
        let replica = try Replica(labels: Self.labels, architecture: .resnet50, among: communicator)
        if communicator.rank == 0 { replica.parameters.initialize(seed: 3) }
        try replica.broadcast()
        let learner = try Learner(
          replica, stage: stage, configuration: configuration, steps: 3,
          worker: slowWorker(communicator, threads: hasOwnThreads ? communicator.rank + 1 : 1))
        for step in 0..<3 {
          let targets = (0..<Self.labels).map { Float(($0 + step) % 2) }
          let batch = Batch([communicator.rank], targets: targets, size: stage.size) { pixels in
            for i in pixels.indices { pixels[i] = Float((i * 31 + communicator.rank * 7 + step) % 101) / 50 - 1 }
          }
          learner.averaging.deferral = Deferral(buckets: deferred)
          _ = try learner.step(batch, step: step, stop: false)
        }
        try learner.completeUpdate()
        defer { withExtendedLifetime(replica) {} }
        return hash(replica.parameters.values)
      }
    }
    let expected = try weights(0, false)
    #expect(Set(expected).count == 1)
    #expect(try weights(buckets, buckets > 1) == expected)
  }

  /// One bucket more is deferred while ranks wait longer after backward, one less while they do in forward.
  @Test func deferral() {
    var deferral = Deferral()
    func steps(_ waits: [(after: Int, inForward: Int)]) -> [Int] {
      waits.map { wait in
        (deferral.afterBackward, deferral.inForward) = (.milliseconds(wait.after), .milliseconds(wait.inForward))
        deferral.adapt(most: 2)
        return deferral.buckets
      }
    }
    #expect(steps([(90, 0), (50, 20), (40, 20), (30, 28), (2, 20), (0, 20), (0, 20)]) == [1, 2, 2, 2, 1, 0, 0])
    #expect(steps([(3, 0), (0, 3)]) == [0, 0])
  }

  /// A run that goes on by other kernels says so; AVX2's and AVX-512's round fp32 alike.
  @Test func otherKernelsAreNoticed() throws {
    let fixture = try Fixture()
    let run = fixture.run("run")
    let configuration = Fixture.configuration(epochs: 1)
    _ = try fixture.train(configuration, in: run, stopAfter: .step("stage-1-rn50", 0))
    let portable = Kernels.all[Kernels.all.count - 1]
    let result = try fixture.train(configuration, in: run, from: .resume, kernels: portable)
    #expect(
      result.notes.count { $0.contains("and goes on with portable, OpenBLAS") } == (Kernels.all.count > 1 ? 1 : 0))
    let roundings = Kernels.all.dropLast().map { $0.rounding(.fp32) }
    #expect(roundings.allSatisfy { $0 == "AVX2" } && portable.rounding(.bf16) == "portable")
  }

  /// Stopped on four ranks of two hosts, resumed on two of one, and on two hosts: as if one rank had trained all along.
  @Test func resumesOnOtherRanks() throws {
    let fixture = try Fixture()
    let (whole, broken) = (fixture.run("whole"), fixture.run("broken"))
    var configuration = Fixture.configuration(epochs: 1)
    (configuration.ema, configuration.keepBest) = (0.9, true)
    _ = try fixture.train(configuration, in: whole)
    _ = try fixture.train(configuration, in: broken, ranks: 4, perHost: 2, stopAfter: .step("stage-1-rn50", 0))
    _ = try fixture.train(configuration, in: broken, ranks: 2, from: .resume, stopAfter: .step("stage-2-rn50", 0))
    _ = try fixture.train(configuration, in: broken, ranks: 2, perHost: 1, from: .resume)
    let tensors = { (run: RunFolder) in try SafeTensors.read(run.model("stage-2-rn50")).tensors }
    #expect(try tensors(whole) == tensors(broken))
  }

  /// A run that was stopped with common memory goes on by messages, and the other way round, to the same bits.
  @Test(arguments: [false, true]) func resumesTheOtherWay(messages: Bool) throws {
    let fixture = try Fixture()
    let (whole, broken) = (fixture.run("whole"), fixture.run("broken"))
    let configuration = Fixture.configuration(epochs: 1)
    _ = try fixture.train(configuration, in: whole, ranks: 2)
    let stop = Moment.step("stage-1-rn50", 0)
    _ = try fixture.train(configuration, in: broken, ranks: 2, stopAfter: stop, messages: messages)
    _ = try fixture.train(configuration, in: broken, ranks: 2, from: .resume, messages: !messages)
    let tensors = { (run: RunFolder) in try SafeTensors.read(run.model("stage-2-rn50")).tensors }
    #expect(try tensors(whole) == tensors(broken))
  }
}
