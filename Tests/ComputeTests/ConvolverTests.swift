import Compute
import TestSupport
import Testing

struct ConvolutionCase: CustomTestStringConvertible {
  let images: Int
  let height: Int
  let width: Int
  let inputs: Int
  let outputs: Int
  let kernel: Int
  let stride: Int
  let threads: Int
  var padding: Int { kernel / 2 }

  func convolver(_ engine: Engine) -> Convolver {
    Convolver(
      kernel: (kernel, kernel), inputs: inputs, outputs: outputs, stride: stride, padding: (padding, padding),
      image: (height, width), engine: engine, scratch: Scratch(engine.threads))
  }

  func reference(_ x: [Double], _ w: [Double]) -> [Double] {
    Reference.convolution(
      x, images: images, height: height, width: width, inputs: inputs, weights: w, kernel: (kernel, kernel),
      outputs: outputs, stride: stride, padding: (padding, padding))
  }

  var testDescription: String {
    "\(images)×\(height)×\(width)×\(inputs) → \(outputs), \(kernel)×\(kernel), stride \(stride), \(threads) threads"
  }
}

/// Shapes with every kind of remainder: rows against the register tile, channels against its width, odd images, more
/// threads than work; for Winograd's products the 3×3 ones with multiples of 16 channels: tiles over the edge,
/// more of them than a block, channels against its columns.
private let cases = [
  ConvolutionCase(images: 1, height: 1, width: 1, inputs: 1, outputs: 1, kernel: 1, stride: 1, threads: 1),
  ConvolutionCase(images: 2, height: 5, width: 4, inputs: 3, outputs: 5, kernel: 3, stride: 1, threads: 1),
  ConvolutionCase(images: 3, height: 5, width: 7, inputs: 9, outputs: 67, kernel: 3, stride: 2, threads: 2),
  ConvolutionCase(images: 2, height: 6, width: 6, inputs: 65, outputs: 17, kernel: 1, stride: 2, threads: 3),
  ConvolutionCase(images: 1, height: 17, width: 16, inputs: 64, outputs: 64, kernel: 3, stride: 1, threads: 2),
  ConvolutionCase(images: 2, height: 9, width: 9, inputs: 3, outputs: 64, kernel: 7, stride: 2, threads: 4),
  ConvolutionCase(images: 1, height: 4, width: 4, inputs: 300, outputs: 130, kernel: 1, stride: 1, threads: 8),
  ConvolutionCase(images: 5, height: 8, width: 8, inputs: 16, outputs: 24, kernel: 3, stride: 2, threads: 2),
  ConvolutionCase(images: 2, height: 6, width: 7, inputs: 48, outputs: 80, kernel: 3, stride: 1, threads: 3),
  ConvolutionCase(images: 1, height: 3, width: 4, inputs: 64, outputs: 144, kernel: 3, stride: 1, threads: 8),
  ConvolutionCase(images: 11, height: 12, width: 12, inputs: 16, outputs: 16, kernel: 3, stride: 1, threads: 1),
]

@Suite struct ConvolverTests {
  /// Every kernel set and precision on every case: values, statistics and both gradients against Double.
  @Test(arguments: Target.all, cases)
  fileprivate func matchesReference(target: Target, c: ConvolutionCase) {
    let arena = Arena()
    let convolver = c.convolver(target.engine(c.threads))
    let x = arena.tensor(Shape(c.images, c.height, c.width, c.inputs), values: 1, target.precision)
    let y = arena.tensor(convolver.output(for: x.shape), target.precision)
    let w = arena.weights(Shape(c.kernel, c.kernel, c.inputs, c.outputs), values: 2, target.precision)
    let sums = PieceSums(for: y.shape)
    convolver.forward(x, weights: w.data, into: y, after: .statistics(of: y.shape, sums: sums))
    expectClose(y.doubles, c.reference(x.doubles, w.doubles), relative: target.tolerance, "y")

    // The statistics are those of what is stored.
    let total = sums.total(y.shape)
    let rows = Double(y.shape.rows)
    let (mean, variance) = Reference.statistics(y.doubles, channels: c.outputs)
    expectClose(total.prefix(c.outputs), mean.map { $0 * rows }, absolute: 1e-9 * rows, "Σ y")
    expectClose(total.dropFirst(c.outputs), zip(mean, variance).map { ($1 + $0 * $0) * rows }, "Σ y²")

    // A convolution is linear: its gradients are exact differences, here at some elements of each tensor.
    let dy = arena.tensor(y.shape, values: 3, target.precision)
    let picked = { (count: Int) in Array(stride(from: 0, to: count, by: max(1, count / 12))) }
    let dx = arena.tensor(x.shape, target.precision)
    convolver.inputGradient(dy: dy, weights: w.data, into: dx)
    let some = picked(x.shape.count)
    let expectedDx = numericGradient(
      of: { c.reference($0, w.doubles) }, at: x.doubles, dy: dy.doubles, step: 0.5, picked: some)
    let largest = dx.doubles.map(abs).max() ?? 0
    let bound = max(1e-5, target.tolerance * largest)
    expectClose(some.map { dx.doubles[$0] }, expectedDx, absolute: bound, "dx")
    convolver.inputGradient(dy: dy, weights: w.data, into: dx, adding: true)
    expectClose(some.map { dx.doubles[$0] }, expectedDx.map { 2 * $0 }, absolute: 3 * bound, "dx added")

    let dw = arena.tensor(w.shape, values: 4)
    convolver.weightGradient(x: x, dy: dy, dw: dw.data)
    let others = picked(w.shape.count)
    expectClose(
      others.map { dw.data[$0] },
      numericGradient(
        of: { c.reference(x.doubles, $0) }, at: w.doubles, dy: dy.doubles, step: 0.5, picked: others),
      absolute: 1e-5, "dw")
  }

  /// Every remainder of rows, inputs and outputs against the register tile and its words, on a 1×1 convolution.
  @Test(arguments: Target.all) func everyTail(target: Target) {
    let (engine, precision) = (target.engine(1), target.precision)
    let sizes = (1...14).map { ($0, 3, 5) } + (1...20).map { (9, $0, 5) } + (1...66).map { (9, 3, $0) }
    for (rows, inputs, outputs) in sizes {
      let arena = Arena()
      let convolver = Convolver(
        kernel: (1, 1), inputs: inputs, outputs: outputs, stride: 1, padding: (0, 0), image: (1, rows), engine: engine,
        scratch: Scratch(engine.threads))
      let x = arena.tensor(Shape(1, 1, rows, inputs), values: 1, precision)
      let dy = arena.tensor(Shape(1, 1, rows, outputs), values: 2, precision)
      let w = arena.weights(Shape(1, 1, inputs, outputs), values: 3, precision)
      let (y, dx) = (arena.tensor(dy.shape, precision), arena.tensor(x.shape, precision))
      let dw = arena.tensor(w.shape)
      convolver.forward(x, weights: w.data, into: y)
      convolver.inputGradient(dy: dy, weights: w.data, into: dx)
      convolver.weightGradient(x: x, dy: dy, dw: dw.data)
      let (xs, dys, ws) = (x.doubles, dy.doubles, w.doubles)
      var (ys, dxs) = ([Double](repeating: 0, count: dys.count), [Double](repeating: 0, count: xs.count))
      var dws = [Double](repeating: 0, count: ws.count)
      for r in 0..<rows {
        for i in 0..<inputs {
          for o in 0..<outputs {
            ys[r * outputs + o] += xs[r * inputs + i] * ws[i * outputs + o]
            dxs[r * inputs + i] += dys[r * outputs + o] * ws[i * outputs + o]
            dws[i * outputs + o] += xs[r * inputs + i] * dys[r * outputs + o]
          }
        }
      }
      let what = "\(rows) rows, \(inputs) → \(outputs)"
      expectClose(y.doubles, ys, relative: target.tolerance, "y of \(what)")
      expectClose(dx.doubles, dxs, relative: target.tolerance, "dx of \(what)")
      expectClose(dw.doubles, dws, "dw of \(what)")
    }
  }

  /// What precedes and follows a convolution gives what the same passes give by themselves.
  @Test(arguments: Target.all, cases)
  fileprivate func fusedPasses(target: Target, c: ConvolutionCase) {
    let (arena, precision) = (Arena(), target.precision)
    let engine = target.engine(c.threads)
    let convolver = c.convolver(engine)
    func vector(_ seed: Int, _ channels: Int) -> UnsafeMutablePointer<Float> {
      arena.tensor(Shape(1, 1, 1, channels), values: seed).data
    }
    let z = arena.tensor(Shape(c.images, c.height, c.width, c.inputs), values: 1, precision)
    let w = arena.weights(Shape(c.kernel, c.kernel, c.inputs, c.outputs), values: 2, precision)
    let before = Affine(scale: vector(3, c.inputs), shift: vector(4, c.inputs))
    let x = arena.tensor(z.shape, precision)
    engine.run(.normalize(z, by: before, relu: true), on: x)

    // Forward: normalized on the way in; and, as in evaluation, on the way out.
    let (y, fused) = (
      arena.tensor(convolver.output(for: z.shape), precision), arena.tensor(convolver.output(for: z.shape), precision)
    )
    convolver.forward(x, weights: w.data, into: y)
    convolver.forward(z, normalizing: before, weights: w.data, into: fused)
    target.expectSame(fused, y, "normalized input")
    let after = Affine(scale: vector(5, c.outputs), shift: vector(6, c.outputs))
    let residual = arena.tensor(y.shape, values: 7, precision)
    let normalize = RowPass.normalize(by: after, relu: true, residual: residual)
    convolver.forward(x, weights: w.data, into: fused, after: normalize)
    engine.run(normalize, on: y)
    #expect(fused.doubles == y.doubles, "normalized output")

    // Backward: the gradient by z computed on the way in, the one by x masked and summed on the way out.
    let dy = arena.tensor(y.shape, values: 8, precision)
    let gradient = RowPass.gradient(
      dy, by: after, z: residual, slope: vector(9, c.outputs), mean: vector(10, c.outputs))
    let (dz, fusedDz) = (arena.tensor(y.shape, precision), arena.tensor(y.shape, precision))
    let (dx, fusedDx) = (arena.tensor(z.shape, precision), arena.tensor(z.shape, precision))
    engine.run(gradient, on: dz)
    convolver.inputGradient(dy: dz, weights: w.data, into: dx)
    func reduce(_ sums: PieceSums) -> RowPass {
      .reduce(mask: .normalized(before), z: z, mean: vector(11, c.inputs), sums: sums)
    }
    let (expected, found) = (PieceSums(for: z.shape), PieceSums(for: z.shape))
    engine.run(reduce(expected), on: dx)
    convolver.inputGradient(dy: fusedDz, weights: w.data, into: fusedDx, before: gradient, after: reduce(found))
    #expect(fusedDz.doubles == dz.doubles && fusedDx.doubles == dx.doubles, "gradients")
    expectClose(found.total(z.shape), expected.total(z.shape), relative: 1e-12, "sums")

    let (dw, fusedDw) = (arena.tensor(w.shape), arena.tensor(w.shape))
    convolver.weightGradient(x: x, dy: dz, dw: dw.data)
    convolver.weightGradient(x: z, normalizing: before, dy: dz, dw: fusedDw.data)
    target.expectSame(fusedDw, dw, "dw")
  }

  /// Taps that cover several pixels give what single ones do: 7 taps of 7 × 3 floats are a 7 × 7 filter's 49 of 3.
  @Test(arguments: Target.all) func spans(target: Target) {
    let arena = Arena()
    let engine = target.engine(2)
    let convolver = Convolver(
      kernel: (7, 1), span: 7, inputs: 21, outputs: 10, stride: 2, padding: (0, 0), image: (15, 18), engine: engine,
      scratch: Scratch(engine.threads))
    let x = arena.tensor(Shape(2, 15, 18, 3), values: 1, target.precision)
    let y = arena.tensor(convolver.output(for: x.shape), target.precision)
    #expect(y.shape == Shape(2, 5, 6, 10))
    let w = arena.weights(Shape(7, 7, 3, 10), values: 2, target.precision)
    convolver.forward(x, weights: w.data, into: y)
    let reference = { (w: [Double]) in
      Reference.convolution(
        x.doubles, images: 2, height: 15, width: 18, inputs: 3, weights: w, kernel: (7, 7), outputs: 10, stride: 2,
        padding: (0, 0))
    }
    expectClose(y.doubles, reference(w.doubles), relative: target.tolerance)
    let dw = arena.tensor(w.shape)
    convolver.weightGradient(x: x, dy: y, dw: dw.data)
    let some = Array(stride(from: 0, to: w.shape.count, by: 97))
    expectClose(
      some.map { dw.data[$0] },
      numericGradient(of: reference, at: w.doubles, dy: y.doubles, step: 0.5, picked: some), relative: 1e-4)
  }

  /// Numbers too small to be normalized are zeros: arithmetic on them is many times slower. Only in the threads' work.
  @Test(arguments: Target.all, [1, 2]) func denormals(target: Target, threads: Int) {
    let arena = Arena()
    let engine = target.engine(threads)
    let convolver = Convolver(
      kernel: (1, 1), inputs: 32, outputs: 32, stride: 1, padding: (0, 0), image: (8, 8), engine: engine,
      scratch: Scratch(engine.threads))
    let (x, y) = (
      arena.tensor(Shape(2, 8, 8, 32), target.precision), arena.tensor(Shape(2, 8, 8, 32), target.precision)
    )
    let w = arena.tensor(Shape(1, 1, 32, 32), values: 1)
    let (ones, tiny) = (
      [Float](repeating: 1, count: x.shape.count), [Float](repeating: .leastNormalMagnitude / 16, count: x.shape.count)
    )
    engine.convert(tiny, into: x.memory, target.precision, count: tiny.count)
    convolver.forward(x, weights: w.data, into: y)
    #expect(y.doubles.allSatisfy { $0 == 0 } && x.doubles.allSatisfy { $0 > 0 })
    #expect(zip(ones, tiny).allSatisfy { $0 * $1 > 0 }, "here they are what they are")
  }

  /// A rank may have no images in a step: nothing is read, and gradients are zero.
  @Test(arguments: [1, 2]) func noImages(stride: Int) {
    let arena = Arena()
    let engine = Target.all[0].engine(2)
    let convolver = Convolver(
      kernel: (3, 3), inputs: 16, outputs: 16, stride: stride, padding: (1, 1), image: (9, 9), engine: engine,
      scratch: Scratch(engine.threads))
    let dw = arena.tensor(Shape(3, 3, 16, 16), values: 1)
    let x = arena.tensor(Shape(0, 9, 9, 16))
    let y = arena.tensor(convolver.output(for: x.shape))
    let affine = Affine(scale: dw.data, shift: dw.data)
    convolver.forward(x, weights: dw.data, into: y)
    convolver.forward(x, normalizing: affine, weights: dw.data, into: y)
    convolver.inputGradient(dy: y, weights: dw.data, into: x)
    convolver.weightGradient(x: x, dy: y, dw: dw.data)
    #expect(dw.floats.allSatisfy { $0 == 0 })
  }

  /// Winograd's products are rounded up to three times as coarsely as direct ones, which an added gradient gets.
  @Test(arguments: Target.all.filter { $0.precision == .fp32 }) func winogradRounding(target: Target) {
    let c = ConvolutionCase(images: 1, height: 8, width: 8, inputs: 64, outputs: 128, kernel: 3, stride: 1, threads: 1)
    let arena = Arena()
    let convolver = c.convolver(target.engine(1))
    let dy = arena.tensor(Shape(1, 8, 8, 128), values: 1)
    let w = arena.tensor(Shape(3, 3, 64, 128), values: 2)
    let (found, direct) = (arena.tensor(Shape(1, 8, 8, 64)), arena.tensor(Shape(1, 8, 8, 64)))
    convolver.inputGradient(dy: dy, weights: w.data, into: found)
    convolver.inputGradient(dy: dy, weights: w.data, into: direct, adding: true)
    // The gradient is a convolution too, by the filter turned around and transposed.
    var turned = [Double](repeating: 0, count: w.shape.count)
    for t in 0..<9 {
      for i in 0..<64 {
        for o in 0..<128 { turned[((8 - t) * 128 + o) * 64 + i] = w[(t * 64 + i) * 128 + o] }
      }
    }
    let exact = Reference.convolution(
      dy.doubles, images: 1, height: 8, width: 8, inputs: 128, weights: turned, kernel: (3, 3), outputs: 64, stride: 1,
      padding: (1, 1))
    func error(_ x: Tensor) -> Double {
      zip(x.doubles, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    #expect(error(found) < 3 * error(direct))
    #expect(found.doubles != direct.doubles)
  }
}
