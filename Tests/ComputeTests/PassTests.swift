import Compute
import TestSupport
import Testing

/// Row and channel counts around every vector width and block.
private let extents = [(1, 1), (3, 7), (130, 16), (129, 67), (257, 130), (64, 64)]

/// The passes around the convolutions, in every kernel set, with one thread and three.
@Suite struct PassTests {
  private func engines() -> [Engine] { Target.all.flatMap { target in [1, 3].map(target.engine) } }

  private func tolerance(_ engine: Engine) -> Double { engine.precision == .fp32 ? 1e-5 : 0x1p-8 }

  @Test(arguments: extents) func normalize(rows: Int, channels: Int) {
    for engine in engines() {
      let arena = Arena()
      let shape = Shape(rows, 1, 1, channels)
      let (z, residual) = (
        arena.tensor(shape, values: 1, engine.precision), arena.tensor(shape, values: 2, engine.precision)
      )
      let vectors = (3...6).map { arena.tensor(Shape(1, 1, 1, channels), values: $0).data }
      let affine = Affine(scale: vectors[0], shift: vectors[1])
      let other = Affine(scale: vectors[2], shift: vectors[3])
      let y = arena.tensor(shape, engine.precision)
      let (zs, residuals) = (z.doubles, residual.doubles)
      func check(_ pass: RowPass, relu: Bool, _ added: (Int, Int) -> Double) {
        engine.run(pass, on: y)
        let expected = zs.indices.map { i in
          let c = i % channels
          let value = zs[i] * Double(affine.scale[c]) + Double(affine.shift[c]) + added(i, c)
          return relu ? max(0, value) : value
        }
        expectClose(y.doubles, expected, relative: tolerance(engine))
      }
      check(.normalize(z, by: affine, relu: false), relu: false) { _, _ in 0 }
      check(.normalize(z, by: affine, relu: true, residual: residual), relu: true) { i, _ in
        residuals[i]
      }
      check(
        .normalize(z, by: affine, relu: true, residual: residual, residualBy: other), relu: true
      ) { i, c in residuals[i] * Double(other.scale[c]) + Double(other.shift[c]) }
    }
  }

  @Test(arguments: extents) func reduceAndGradient(rows: Int, channels: Int) {
    for engine in engines() {
      let (arena, precision) = (Arena(), engine.precision)
      let shape = Shape(rows, 1, 1, channels)
      let (z, y) = (arena.tensor(shape, values: 1, precision), arena.tensor(shape, values: 2, precision))
      let v = (3...6).map { arena.tensor(Shape(1, 1, 1, channels), values: $0) }
      let affine = Affine(scale: v[1].data, shift: v[2].data)
      let (zs, ys, vs) = (z.doubles, y.doubles, v.map(\.doubles))
      let given = arena.tensor(shape, values: 7, precision).doubles
      let masks: [(RowPass.Mask, (Int) -> Bool)] = [
        (.none, { _ in true }), (.output(y), { ys[$0] > 0 }),
        (.normalized(affine), { zs[$0] * vs[1][$0 % channels] + vs[2][$0 % channels] > 0 }),
      ]
      for (mask, passes) in masks {
        let dy = arena.tensor(shape, values: 7, precision)
        let sums = PieceSums(for: z.shape)
        engine.run(.reduce(mask: mask, z: z, mean: v[0].data, sums: sums), on: dy)
        let masked = given.indices.map { passes($0) ? given[$0] : 0 }
        #expect(dy.doubles == masked, "masked")
        var (sum, dot) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for (i, value) in masked.enumerated() {
          sum[i % channels] += value
          dot[i % channels] += value * (zs[i] - vs[0][i % channels])
        }
        expectClose(sums.total(z.shape), sum + dot, absolute: 1e-6 * Double(rows), "sums")

        let dz = arena.tensor(shape, precision)
        engine.run(.gradient(dy, by: affine, z: z, slope: v[3].data, mean: v[0].data), on: dz)
        let expected = masked.indices.map { i in
          let c = i % channels
          return vs[1][c] * (masked[i] - vs[2][c]) + vs[3][c] * (zs[i] - vs[0][c])
        }
        expectClose(dz.doubles, expected, relative: tolerance(engine), "dz")
      }
    }
  }

  /// Not a number stays one through ReLU, pooling and rounding: the loss must show it.
  @Test func reluKeepsNaN() {
    for engine in engines() {
      let arena = Arena()
      let z = arena.tensor(Shape(1, 1, 1, 40), values: 1)
      z.data[3] = .nan
      let (one, zero) = (arena.tensor(Shape(1, 1, 1, 40)), arena.tensor(Shape(1, 1, 1, 40)))
      one.floats.update(repeating: 1)
      let affine = Affine(scale: one.data, shift: zero.data)
      let x = arena.tensor(z.shape, engine.precision)
      let y = arena.tensor(z.shape, engine.precision)
      engine.convert(z.data, into: x.memory, engine.precision, count: 40)
      engine.run(.normalize(x, by: affine, relu: true), on: y)
      #expect(y.doubles[3].isNaN && y.doubles.filter(\.isNaN).count == 1)
      engine.maxPool(x, normalizing: affine, into: y, argmax: arena.allocate(40, of: UInt8.self))
      #expect(y.doubles[3].isNaN)
    }
  }

  @Test(arguments: [(1, 1, 1), (5, 4, 3), (8, 9, 20), (3, 3, 70)]) func maxPool(height: Int, width: Int, channels: Int)
  {
    for engine in engines() {
      let (arena, precision) = (Arena(), engine.precision)
      let z = arena.tensor(Shape(2, height, width, channels), values: 1, precision)
      // A scale of one leaves no doubt about rounding: what is equal in the kernel is equal here.
      let (scale, shift) = (arena.tensor(Shape(1, 1, 1, channels)), arena.tensor(Shape(1, 1, 1, channels), values: 4))
      scale.floats.update(repeating: 1)
      let y = arena.tensor(Shape(2, (height - 1) / 2 + 1, (width - 1) / 2 + 1, channels), precision)
      let argmax = arena.allocate(y.shape.count, of: UInt8.self)
      let x = z.doubles.enumerated().map { Double(max(0, Float($1) + shift.data[$0 % channels])) }
      engine.maxPool(z, normalizing: Affine(scale: scale.data, shift: shift.data), into: y, argmax: argmax)
      let reference = Reference.maxPool(x, images: 2, height: height, width: width, channels: channels)
      expectClose(y.doubles, reference, relative: tolerance(engine))

      // The gradient goes to the first pixel of each window that equals its largest.
      let dy = arena.tensor(y.shape, values: 2, precision)
      let dx = arena.tensor(z.shape, values: 3, precision)
      engine.maxPoolBackward(dy, argmax: argmax, into: dx)
      var expected = [Double](repeating: 0, count: z.shape.count)
      for (i, gradient) in dy.doubles.enumerated() {
        let (c, ox, oy) = (i % channels, i / channels % y.shape.width, i / channels / y.shape.width % y.shape.height)
        let n = i / channels / y.shape.width / y.shape.height
        let window = (max(0, 2 * oy - 1)..<min(height, 2 * oy + 2)).flatMap { iy in
          (max(0, 2 * ox - 1)..<min(width, 2 * ox + 2)).map { ((n * height + iy) * width + $0) * channels + c }
        }
        if let first = window.first(where: { x[$0] == reference[i] }) { expected[first] += gradient }
      }
      expectClose(dx.doubles, expected, relative: tolerance(engine), absolute: 1e-6)
    }
  }

  @Test func concatPool() {
    for engine in engines() {
      let (arena, precision) = (Arena(), engine.precision)
      let x = arena.tensor(Shape(3, 3, 4, 21), values: 1, precision)
      let y = arena.tensor(Shape(3, 1, 1, 42))
      let argmax = arena.allocate(3 * 21, of: Int32.self)
      let reference = { Reference.concatPool($0, images: 3, pixels: 12, channels: 21) }
      engine.concatPool(x, into: y, argmax: argmax)
      expectClose(y.floats, reference(x.doubles))
      let dy = arena.tensor(y.shape, values: 2)
      let dx = arena.tensor(x.shape, values: 3, precision)
      engine.concatPoolBackward(dy, argmax: argmax, into: dx)
      let (xs, maxima) = (x.doubles, reference(x.doubles))
      let expected = xs.indices.map { i in
        let (n, p, c) = (i / 252, i / 21 % 12, i % 21)
        let first = (0..<12).first { xs[(n * 12 + $0) * 21 + c] == maxima[n * 42 + c] }
        return Double(dy.data[n * 42 + 21 + c]) / 12 + (first == p ? Double(dy.data[n * 42 + c]) : 0)
      }
      expectClose(dx.doubles, expected, relative: tolerance(engine), absolute: 1e-6)
    }
  }

  /// Three steps against the formula in Double, and a row of a product alone against the same row in a batch.
  @Test(arguments: [1, 7, 64, 1030]) func adamW(count: Int) {
    let arena = Arena()
    for engine in engines() {
      let (w, m, v) = (arena.tensor(Shape(1, 1, 1, count), values: 1), arena.allocate(count), arena.allocate(count))
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
