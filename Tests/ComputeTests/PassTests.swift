import Compute
import TestSupport
import Testing

/// Row and channel counts around every vector width and block.
private let extents = [(1, 1), (3, 7), (130, 16), (129, 67), (257, 130), (64, 64)]

/// The passes around the convolutions, in every kernel set, with one thread and three.
@Suite struct PassTests {
  private func engines() -> [Engine] {
    Kernels.all.flatMap { set in [1, 3].map { Engine(kernels: set, threads: Threads($0)) } }
  }

  @Test(arguments: extents) func normalize(rows: Int, channels: Int) {
    let arena = Arena()
    let shape = Shape(rows, 1, 1, channels)
    let (z, residual) = (arena.tensor(shape, values: 1), arena.tensor(shape, values: 2))
    let coefficients = (3...6).map { arena.tensor(Shape(1, 1, 1, channels), values: $0).data }
    let (scale, shift, otherScale, otherShift) = (coefficients[0], coefficients[1], coefficients[2], coefficients[3])
    let y = arena.tensor(shape)
    func expected(_ relu: Bool, _ other: (Int, Int) -> Double) -> [Double] {
      (0..<shape.count).map { i in
        let c = i % channels
        let value = Double(z.data[i]) * Double(scale[c]) + Double(shift[c]) + other(i, c)
        return relu ? max(0, value) : value
      }
    }
    for engine in engines() {
      engine.normalize(z, into: y, scale: scale, shift: shift, relu: false)
      expectClose(y.floats, expected(false) { _, _ in 0 })
      engine.normalize(z, into: y, scale: scale, shift: shift, relu: true, residual: residual)
      expectClose(y.floats, expected(true) { i, _ in Double(residual.data[i]) })
      engine.normalize(
        z, into: y, scale: scale, shift: shift, relu: true, residual: residual, residualScale: otherScale,
        residualShift: otherShift)
      expectClose(
        y.floats, expected(true) { i, c in Double(residual.data[i]) * Double(otherScale[c]) + Double(otherShift[c]) })
    }
  }

  @Test(arguments: extents) func reduceAndBackward(rows: Int, channels: Int) {
    let arena = Arena()
    let shape = Shape(rows, 1, 1, channels)
    let (z, y) = (arena.tensor(shape, values: 1), arena.tensor(shape, values: 2))
    let vectors = (3...6).map { arena.tensor(Shape(1, 1, 1, channels), values: $0).data }
    for engine in engines() {
      let dy = arena.tensor(shape, values: 7)
      let given = dy.floats.doubles
      let sums = arena.take(engine.threads.count * 2 * channels, of: Double.self)
      engine.reduce(dy, maskedBy: y, against: z, mean: vectors[0], sums: sums)
      let masked = given.indices.map { y.data[$0] > 0 ? given[$0] : 0 }
      expectClose(dy.floats, masked, "masked")
      var (sum, dot) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
      for (i, value) in masked.enumerated() {
        sum[i % channels] += value
        dot[i % channels] += value * (Double(z.data[i]) - Double(vectors[0][i % channels]))
      }
      let total = (0..<2 * channels).map { i in
        (0..<engine.threads.count).reduce(0) { $0 + sums[$1 * 2 * channels + i] }
      }
      expectClose(total, sum + dot, absolute: 1e-6 * Double(rows), "sums")

      let dz = arena.tensor(shape)
      engine.normalizeBackward(dy, z: z, into: dz, a: vectors[1], m: vectors[2], b: vectors[3], mean: vectors[0])
      let v = vectors.map { pointer in (0..<channels).map { Double(pointer[$0]) } }
      expectClose(
        dz.floats,
        masked.indices.map { i in
          let c = i % channels
          return v[1][c] * (masked[i] - v[2][c]) + v[3][c] * (Double(z.data[i]) - v[0][c])
        })
    }
  }

  /// Not a number stays one through ReLU: the loss must show it.
  @Test func reluKeepsNaN() {
    let arena = Arena()
    let z = arena.tensor(Shape(1, 1, 1, 40), values: 1)
    z.data[3] = .nan
    let (one, zero) = (arena.tensor(Shape(1, 1, 1, 40)), arena.tensor(Shape(1, 1, 1, 40)))
    one.floats.update(repeating: 1)
    for engine in engines() {
      let y = arena.tensor(z.shape)
      engine.normalize(z, into: y, scale: one.data, shift: zero.data, relu: true)
      #expect(y.data[3].isNaN)
    }
  }

  @Test(arguments: [(1, 1, 1), (5, 4, 3), (8, 9, 20)]) func maxPool(height: Int, width: Int, channels: Int) {
    let arena = Arena()
    let x = arena.tensor(Shape(2, height, width, channels), values: 1)
    let y = arena.tensor(Shape(2, (height - 1) / 2 + 1, (width - 1) / 2 + 1, channels))
    let which = arena.take(y.shape.count, of: UInt8.self)
    let reference = { Reference.maxPool($0, images: 2, height: height, width: width, channels: channels) }
    let engine = engines()[1]
    engine.maxPool(x, into: y, which: which)
    expectClose(y.floats, reference(x.floats.doubles))
    let dy = arena.tensor(y.shape, values: 2)
    let dx = arena.tensor(x.shape, values: 3)
    engine.maxPoolBackward(dy, which: which, into: dx)
    expectClose(dx.floats, numericGradient(of: reference, at: x.floats.doubles, dy: dy.floats.doubles), absolute: 1e-6)
  }

  @Test func concatPool() {
    let arena = Arena()
    let x = arena.tensor(Shape(3, 3, 4, 21), values: 1)
    let y = arena.tensor(Shape(3, 1, 1, 42))
    let which = arena.take(3 * 21, of: Int32.self)
    let reference = { Reference.concatPool($0, images: 3, pixels: 12, channels: 21) }
    let engine = engines()[1]
    engine.concatPool(x, into: y, which: which)
    expectClose(y.floats, reference(x.floats.doubles))
    let dy = arena.tensor(y.shape, values: 2)
    let dx = arena.tensor(x.shape, values: 3)
    engine.concatPoolBackward(dy, which: which, into: dx)
    expectClose(dx.floats, numericGradient(of: reference, at: x.floats.doubles, dy: dy.floats.doubles), absolute: 1e-6)
  }

  /// Three steps against the formula in Double, and a row of a product alone against the same row in a batch.
  @Test(arguments: [1, 7, 64, 1030]) func adamW(count: Int) {
    let arena = Arena()
    for engine in engines() {
      let (w, m, v) = (arena.tensor(Shape(1, 1, 1, count), values: 1), arena.take(count), arena.take(count))
      var expected = w.floats.doubles
      var (first, second) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
      for step in 1...3 {
        let g = arena.tensor(w.shape, values: step + 1)
        let (rate, beta1) = (0.01 / Double(step), 0.95 - 0.02 * Double(step))
        engine.adamW(
          weights: w.floats, gradients: g.floats, firstMoments: .init(start: m, count: count),
          secondMoments: .init(start: v, count: count), step: step, learningRate: rate, betas: (beta1, 0.99),
          weightDecay: 0.1)
        var (power1, power2) = (1.0, 1.0)
        for _ in 0..<step { (power1, power2) = (power1 * beta1, power2 * 0.99) }
        for i in 0..<count {
          let gradient = Double(g.data[i])
          first[i] = beta1 * first[i] + (1 - beta1) * gradient
          second[i] = 0.99 * second[i] + 0.01 * gradient * gradient
          let denominator = second[i].squareRoot() / (1 - power2).squareRoot() + 1e-8
          expected[i] = expected[i] * (1 - 0.1 * rate) - rate / (1 - power1) * first[i] / denominator
        }
      }
      expectClose(w.floats, expected, relative: 1e-5)
    }
  }

  @Test func hashesTellArraysApart() {
    let arena = Arena()
    let a = arena.tensor(Shape(1, 1, 1, 1001), values: 1)
    let before = hash(a.floats)
    #expect(before == hash(a.floats))
    for i in [0, 1, 500, 1000] {
      let old = a.data[i]
      a.data[i] = old.nextUp
      #expect(hash(a.floats) != before)
      a.data[i] = old
    }
    swap(&a.data[3], &a.data[4])
    #expect(hash(a.floats) != before)
  }
}
