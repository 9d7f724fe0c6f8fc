import Checkpoints
import Collectives
import Compute
import Runs
import TestSupport
import Testing

@testable import Recipes
@testable import ResNet
@testable import Training

/// Parameters that ranks have once.
@Suite struct ReplicaTests {
  private static let labels = 3

  /// Each rank's own parts of some ranges are these ranges, cut without gap or overlap, about equally large.
  @Test(arguments: 1...5) func partsOfRanges(ranks: Int) throws {
    let ranges = [3..<10, 10..<11, 20..<48, 100..<1000]
    let parts = try onRanks(ranks) { communicator in
      let replica = try Replica(labels: Self.labels, architecture: .resnet50, among: communicator)
      #expect(replica.isShared == (ranks > 1))
      return replica.own(ranges)
    }
    #expect(parts.flatMap { $0.flatMap(Array.init) } == ranges.flatMap(Array.init))
    let sizes = parts.map { $0.reduce(0) { $0 + $1.count } }
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
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

  /// Gradients are summed in a tree over the ranks, each part by one of them.
  @Test(arguments: [1, 2, 3, 4, 7]) func sums(ranks: Int) throws {
    let ranges = [1000..<9000, 20_000..<31_111]
    let sums = try onRanks(ranks) { communicator in
      let replica = try Replica(labels: Self.labels, architecture: .resnet50, among: communicator)
      let gradients = replica.parameters.gradients
      for i in gradients.indices { gradients[i] = Float(communicator.rank * 7919 + i % 997) / 31 }
      try replica.sumGradients(ranges, engine: Engine(kernels: Kernels.all[0], threads: Threads(2)))
      defer { withExtendedLifetime(replica) {} }
      return replica.own(ranges).flatMap { range in range.map { ($0, gradients[$0]) } }
    }
    let all = sums.flatMap { $0 }
    #expect(all.count == ranges.reduce(0) { $0 + $1.count })
    for (i, sum) in all {
      let terms = (0..<ranks).map { Float($0 * 7919 + i % 997) / 31 }
      // Branches of 1, 2 and 4 ranks; the smaller ones come last, and are added first.
      var (branches, first): ([Float], Int) = ([], 0)
      for size in [4, 2, 1] where ranks & size != 0 {
        branches.append(tree(Array(terms[first..<first + size])))
        first += size
      }
      #expect(sum == branches.dropLast().reversed().reduce(branches[branches.count - 1]) { $1 + $0 })
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

  /// However many ranks and threads: the same bits of weights, losses and scores. Eight ranks, because a batch has as many
  /// parts; batches of 6, so that some parts are empty.
  @Test(arguments: [Precision.fp32, .bf16]) func ranksAndThreadsChangeNoBit(precision: Precision) throws {
    let fixture = try Fixture()
    var configuration = Fixture.configuration(epochs: 1)
    configuration.batchSize = 6
    let train = { (name: String, ranks: Int, threads: Int) in
      let run = fixture.run(name)
      let result = try fixture.train(configuration, in: run, ranks: ranks, threads: threads, precision: precision)
      return (try SafeTensors.read(run.model("stage-2-rn50")).tensors, result)
    }
    let (weights, result) = try train("one", 1, 1)
    for (ranks, threads) in [(1, 3), (2, 1), (4, 2), (8, 1)] {
      let (others, other) = try train("\(ranks)-\(threads)", ranks, threads)
      #expect(others == weights, "\(ranks) ranks of \(threads) threads")
      #expect(other.steps.map(\.loss) == result.steps.map(\.loss), "\(ranks) ranks of \(threads) threads")
      #expect(other.rows.map(\.metrics) == result.rows.map(\.metrics), "\(ranks) ranks of \(threads) threads")
    }
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

  /// Stopped on four ranks, resumed on two: as if one rank had trained all along.
  @Test func resumesOnOtherRanks() throws {
    let fixture = try Fixture()
    let (whole, broken) = (fixture.run("whole"), fixture.run("broken"))
    var configuration = Fixture.configuration(epochs: 1)
    (configuration.ema, configuration.keepBest) = (0.9, true)
    _ = try fixture.train(configuration, in: whole)
    _ = try fixture.train(configuration, in: broken, ranks: 4, stopAfter: .step("stage-2-rn50", 0))
    _ = try fixture.train(configuration, in: broken, ranks: 2, from: .resume)
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
