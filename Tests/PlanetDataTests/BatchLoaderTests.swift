import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct BatchLoaderTests {
  private let samples = ["planet", "ycbcr-420", "grey", "progressive", "rotated", "cmyk-adobe"].enumerated().map {
    Sample(name: $1, path: Golden.path("jpeg/\($1).jpg"), targets: [$0 % 3, 3])
  }
  private let batches = [[0, 1, 2], [], [5], [4, 4, 3, 0, 1], [], [2]]

  private func loader(
    _ batches: [[Int]], _ samples: [Sample], threads: Int = 2, depth: Int = 2
  ) -> BatchLoader {
    BatchLoader(
      batches.map { BatchLoad($0) }, of: samples, labels: 4, size: 16,
      augmentation: { .random(seed: 1, epoch: 0, image: $0) },
      threads: threads, depth: depth)
  }

  /// The next batch; a loader that never brings it ends the test run.
  private func next(_ loader: BatchLoader) throws -> Batch? { try watched("BatchLoader.next") { try loader.next() } }

  @Test(arguments: [1, 2, 5], [1, 3, 10])
  func sameForAnyThreads(threads: Int, depth: Int) throws {
    let loader = loader(batches, samples, threads: threads, depth: depth)
    let renderer = Renderer(size: 16)
    for indices in batches {
      let batch = try #require(try next(loader))
      #expect(batch.indices == indices && batch.count == indices.count)
      let images = batch.withImages { Array($0) }
      let expected = try indices.flatMap {
        renderer.render(try Image.decode(samples[$0].path), .random(seed: 1, epoch: 0, image: $0))
      }
      #expect(images == expected)
      let targets = indices.flatMap { i in (0..<4).map { label -> Float in label == i % 3 || label == 3 ? 1 : 0 } }
      #expect(batch.targets == targets)
    }
    #expect(try next(loader) == nil)
    #expect(try next(loader) == nil)
  }

  /// Images and targets of two, in the weights asked for; a partner that cannot be read is an error as well.
  @Test func mixes() throws {
    let load = BatchLoad([0, 1], partners: [.init(index: 4, weight: 0.25), .init(index: 1, weight: 0.5)])
    let loader = BatchLoader(
      [load], of: samples, labels: 4, size: 16, augmentation: { .random(seed: 1, epoch: 0, image: $0) })
    let batch = try #require(try next(loader))
    func image(_ i: Int) throws -> [Float] {
      Renderer(size: 16).render(try Image.decode(samples[i].path), .random(seed: 1, epoch: 0, image: i))
    }
    let mixed = zip(try image(0), try image(4)).map { own, other in 0.75 * own + 0.25 * other }
    let images = batch.withImages { Array($0) }
    expectClose(images, mixed + (try image(1)), absolute: 1e-6)
    #expect(batch.targets == [0.75, 0.25, 0, 1, 0, 1, 0, 1])

    var without = samples
    without[4] = Sample(name: "none", path: "/none/4.jpg")
    let broken = BatchLoader([load], of: without, labels: 4, size: 16, augmentation: { _ in .identity })
    #expect("\(try #require(throws: ImageError.self) { try next(broken) })".hasPrefix("/none/4.jpg"))
  }

  @Test(arguments: [1, 3]) func errorsComeWithTheirBatch(threads: Int) throws {
    var samples = samples
    samples[2] = Sample(name: "none", path: "/none/2.jpg")
    samples[5] = Sample(name: "none", path: "/none/5.jpg")
    let loader = loader([[0, 1], [1, 5, 2], [], [2], [3]], samples, threads: threads)
    #expect(try next(loader)?.indices == [0, 1])
    // Two images of the batch are missing: the first is named, whichever thread was faster.
    #expect("\(try #require(throws: ImageError.self) { try next(loader) })".hasPrefix("/none/5.jpg"))
    #expect(try next(loader)?.indices == [])
    #expect("\(try #require(throws: ImageError.self) { try next(loader) })".hasPrefix("/none/2.jpg"))
    #expect(try next(loader)?.indices == [3])
    #expect(try next(loader) == nil)
  }

  @Test func nothingToLoad() throws {
    #expect(try next(loader([], samples)) == nil)
    let empty = loader([[], []], [])
    #expect(try next(empty)?.count == 0)
    #expect(try next(empty)?.withImages { $0.count } == 0)
    #expect(try next(empty) == nil)
  }

  /// Let go of at any point, a loader takes its threads with it.
  @Test func stopsWithItsOwner() throws {
    let calls = Counter()
    for taken in 0..<20 {
      let loader = BatchLoader(
        Array(repeating: BatchLoad([0, 1, 2, 3]), count: 1000), of: samples, labels: 4, size: 8,
        augmentation: { _ in
          calls.add()
          return .identity
        }, threads: 3)
      for _ in 0..<taken / 4 { _ = try next(loader) }
    }
    let after = calls.value
    Thread.sleep(forTimeInterval: 0.05)
    #expect(calls.value == after)
    #expect(after < 20 * 8 * 4 * 4)
  }

  /// Ahead of its consumer by `depth` batches and no more.
  @Test func bounded() throws {
    let calls = Counter()
    let loader = BatchLoader(
      Array(repeating: BatchLoad([0, 2]), count: 100), of: samples, labels: 4, size: 8,
      augmentation: { _ in
        calls.add()
        return .identity
      }, threads: 2, depth: 3)
    for taken in 0..<5 {
      watched("BatchLoader's work ahead") {
        while calls.value < (taken + 3) * 2 { Thread.sleep(forTimeInterval: 0.001) }
      }
      Thread.sleep(forTimeInterval: 0.02)
      #expect(calls.value == (taken + 3) * 2)
      _ = try next(loader)
    }
  }

  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
  }
}
