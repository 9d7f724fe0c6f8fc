import Compute
import TestSupport
import Testing

/// What neither the batch around an image, nor threads, nor ranks may change.
@Suite struct ConvolverBitsTests {
  /// An image's result is the same bits wherever it lies in a batch, and weight gradients for every number of threads.
  @Test(arguments: Target.all, [(70, 130), (80, 144)])
  func bitsDoNotDependOnBatchOrThreads(target: Target, channels: (Int, Int)) {
    let (inputs, outputs) = channels
    let arena = Arena()
    func convolver(_ threads: Int) -> Convolver {
      Convolver(
        kernel: (3, 3), inputs: inputs, outputs: outputs, stride: 1, padding: (1, 1), image: (9, 7),
        engine: target.engine(threads), scratch: Scratch(Threads(threads)))
    }
    let x = arena.tensor(Shape(5, 9, 7, inputs), values: 1, target.precision)
    let w = arena.tensor(Shape(3, 3, inputs, outputs), values: 2)
    let whole = arena.tensor(Shape(5, 9, 7, outputs), target.precision)
    let one = convolver(1)
    one.forward(x, weights: w.data, into: whole)
    let alone = arena.tensor(Shape(1, 9, 7, outputs), target.precision)
    for n in 0..<5 {
      let image = Tensor(
        x.memory + n * 9 * 7 * inputs * target.precision.bytes, Shape(1, 9, 7, inputs), target.precision)
      one.forward(image, weights: w.data, into: alone)
      #expect(alone.doubles == Array(whole.doubles[n * 9 * 7 * outputs..<(n + 1) * 9 * 7 * outputs]), "image \(n)")
    }
    let dw = arena.tensor(w.shape)
    one.weightGradient(x: x, dy: whole, dw: dw.data)
    for threads in [2, 3, 5] {
      let other = arena.tensor(w.shape)
      convolver(threads).weightGradient(x: x, dy: whole, dw: other.data)
      #expect(dw.floats.elementsEqual(other.floats), "\(threads) threads")
    }
  }

  /// Neither threads nor ranks change in which order a piece's rows are added, or pieces.
  @Test(arguments: Target.all, [(8, 70), (16, 80)])
  func statisticsDoNotDependOnThreads(target: Target, channels: (Int, Int)) {
    let (inputs, outputs) = channels
    let arena = Arena()
    let x = arena.tensor(Shape(5, 19, 17, inputs), values: 1, target.precision)
    let w = arena.tensor(Shape(3, 3, inputs, outputs), values: 2)
    let y = arena.tensor(Shape(5, 19, 17, outputs), target.precision)
    let dx = arena.tensor(x.shape, target.precision)
    let half = arena.tensor(Shape(5, 10, 9, outputs), values: 3, target.precision)
    func statistics(_ threads: Int) -> [Double] {
      let engine = target.engine(threads)
      let convolver = Convolver(
        kernel: (3, 3), inputs: inputs, outputs: outputs, stride: 1, padding: (1, 1), image: (19, 17), engine: engine,
        scratch: Scratch(engine.threads))
      let strided = Convolver(
        kernel: (3, 3), inputs: inputs, outputs: outputs, stride: 2, padding: (1, 1), image: (19, 17), engine: engine,
        scratch: Scratch(engine.threads))
      let sums = (0..<5).map { _ in PieceSums(for: y.shape) }
      convolver.forward(x, weights: w.data, into: y, after: .statistics(of: y.shape, sums: sums[0]))
      engine.run(.reduce(mask: .none, z: y, mean: w.data, sums: sums[1]), on: y)
      let affine = Affine(scale: w.data, shift: w.data)
      convolver.forward(
        x, normalizing: affine, weights: w.data, into: y, after: .statistics(of: y.shape, sums: sums[2]))
      let after = RowPass.reduce(mask: .none, z: x, mean: w.data, sums: sums[3])
      convolver.inputGradient(dy: y, weights: w.data, into: dx, after: after)
      strided.inputGradient(
        dy: half, weights: w.data, into: dx, after: .reduce(mask: .none, z: x, mean: w.data, sums: sums[4]))
      return sums.prefix(3).flatMap { $0.total(y.shape) } + sums.suffix(2).flatMap { $0.total(x.shape) }
    }
    let one = statistics(1)
    for threads in [2, 3, 7] { #expect(one == statistics(threads), "\(threads) threads") }
  }

  /// One rank that has all parts of a batch, or several that have some each: the same bits.
  @Test(arguments: Target.all, [(8, 70), (16, 80)])
  func weightGradientDoesNotDependOnRanks(target: Target, channels: (Int, Int)) {
    let (inputs, outputs) = channels
    let arena = Arena()
    let x = arena.tensor(Shape(13, 9, 7, inputs), values: 1, target.precision)
    let dy = arena.tensor(Shape(13, 9, 7, outputs), values: 2, target.precision)
    let engine = target.engine(2)
    let convolver = Convolver(
      kernel: (3, 3), inputs: inputs, outputs: outputs, stride: 1, padding: (1, 1), image: (9, 7), engine: engine,
      scratch: Scratch(engine.threads, parts: 16))
    func gradients(_ ranks: Int) -> [Float] {
      var all = (0..<ranks).map { rank in
        let parts = BatchParts(batch: 13, parts: 16, rank: rank, worldSize: ranks)
        let own = 13 * rank / ranks..<13 * (rank + 1) / ranks
        let dw = arena.tensor(Shape(3, 3, inputs, outputs), values: 3)
        convolver.weightGradient(x: x.images(own), dy: dy.images(own), dw: dw.data, parts: parts)
        return Array(dw.floats)
      }
      while all.count > 1 { all = stride(from: 0, to: all.count, by: 2).map { zip(all[$0], all[$0 + 1]).map(+) } }
      return all[0]
    }
    let one = gradients(1)
    let whole = arena.tensor(Shape(3, 3, inputs, outputs))
    convolver.weightGradient(x: x, dy: dy, dw: whole.data)
    expectClose(one, whole.floats.doubles, absolute: target.precision == .fp32 ? 1e-4 : 1e-2)
    for ranks in [2, 4, 8, 16] { #expect(one == gradients(ranks), "\(ranks) ranks") }
  }
}
