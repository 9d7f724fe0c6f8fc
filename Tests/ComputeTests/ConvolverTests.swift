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
  var testDescription: String {
    "\(images)×\(height)×\(width)×\(inputs) → \(outputs), \(kernel)×\(kernel), stride \(stride), \(threads) threads"
  }
}

/// Shapes with every kind of remainder: rows against the register tile, channels against its width, odd images, more
/// threads than work.
private let cases = [
  ConvolutionCase(images: 1, height: 1, width: 1, inputs: 1, outputs: 1, kernel: 1, stride: 1, threads: 1),
  ConvolutionCase(images: 2, height: 5, width: 4, inputs: 3, outputs: 5, kernel: 3, stride: 1, threads: 1),
  ConvolutionCase(images: 3, height: 5, width: 7, inputs: 9, outputs: 67, kernel: 3, stride: 2, threads: 2),
  ConvolutionCase(images: 2, height: 6, width: 6, inputs: 65, outputs: 17, kernel: 1, stride: 2, threads: 3),
  ConvolutionCase(images: 1, height: 17, width: 16, inputs: 64, outputs: 64, kernel: 3, stride: 1, threads: 2),
  ConvolutionCase(images: 2, height: 9, width: 9, inputs: 3, outputs: 64, kernel: 7, stride: 2, threads: 4),
  ConvolutionCase(images: 1, height: 4, width: 4, inputs: 300, outputs: 130, kernel: 1, stride: 1, threads: 8),
  ConvolutionCase(images: 5, height: 8, width: 8, inputs: 16, outputs: 24, kernel: 3, stride: 2, threads: 2),
]

@Suite struct ConvolverTests {
  /// Every kernel set of this CPU on every case: values, statistics and both gradients against Double.
  @Test(arguments: Kernels.all.indices, cases)
  fileprivate func matchesReference(set: Int, c: ConvolutionCase) {
    let arena = Arena()
    let engine = Engine(kernels: Kernels.all[set], threads: Threads(c.threads))
    let convolver = Convolver(
      kernel: (c.kernel, c.kernel), inputs: c.inputs, outputs: c.outputs, stride: c.stride,
      padding: (c.padding, c.padding), engine: engine, arena: arena)
    let x = arena.tensor(Shape(c.images, c.height, c.width, c.inputs), values: 1)
    let y = arena.tensor(convolver.output(for: x.shape))
    let w = arena.tensor(Shape(c.kernel, c.kernel, c.inputs, c.outputs), values: 2)
    let reference = { (x: [Double], w: [Double]) in
      Reference.convolution(
        x, images: c.images, height: c.height, width: c.width, inputs: c.inputs, weights: w,
        kernel: (c.kernel, c.kernel), outputs: c.outputs, stride: c.stride, padding: (c.padding, c.padding))
    }
    let sums = arena.take(c.threads * 2 * c.outputs, of: Double.self)
    convolver.pack(w.data, gradients: true)
    convolver.forward(x, into: y, sums: sums)
    let expected = reference(x.floats.doubles, w.floats.doubles)
    expectClose(y.floats, expected, "y")

    let total = (0..<2 * c.outputs).map { i in (0..<c.threads).reduce(0) { $0 + sums[$1 * 2 * c.outputs + i] } }
    let rows = Double(y.shape.rows)
    let (mean, variance) = Reference.statistics(expected, channels: c.outputs)
    expectClose(total.prefix(c.outputs), mean.map { $0 * rows }, absolute: 1e-5 * rows, "Σ y")
    expectClose(total.dropFirst(c.outputs), zip(mean, variance).map { ($1 + $0 * $0) * rows }, "Σ y²")

    // A convolution is linear: its gradients are exact differences, here at some elements of each tensor.
    let dy = arena.tensor(y.shape, values: 3)
    let picked = { (count: Int) in Array(stride(from: 0, to: count, by: max(1, count / 12))) }
    let dx = arena.tensor(x.shape)
    convolver.inputGradient(dy: dy, into: dx)
    let some = picked(x.shape.count)
    let expectedDx = numericGradient(
      of: { reference($0, w.floats.doubles) }, at: x.floats.doubles, dy: dy.floats.doubles, step: 0.5, picked: some)
    expectClose(some.map { dx.data[$0] }, expectedDx, absolute: 1e-5, "dx")
    convolver.inputGradient(dy: dy, into: dx, adding: true)
    expectClose(some.map { dx.data[$0] }, expectedDx.map { 2 * $0 }, absolute: 1e-5, "dx added")

    let dw = arena.tensor(w.shape, values: 4)
    convolver.weightGradient(x: x, dy: dy, dw: dw.data, scratch: arena.take(c.threads * convolver.scratchPerThread))
    let others = picked(w.shape.count)
    expectClose(
      others.map { dw.data[$0] },
      numericGradient(
        of: { reference(x.floats.doubles, $0) }, at: w.floats.doubles, dy: dy.floats.doubles, step: 0.5, picked: others),
      absolute: 1e-5, "dw")
  }

  /// Taps that cover several pixels give what single ones do: 7 taps of 7 × 3 floats are a 7 × 7 filter's 49 of 3.
  @Test func spans() {
    let arena = Arena()
    let engine = Engine(kernels: Kernels.all[0], threads: Threads(2))
    let convolver = Convolver(
      kernel: (7, 1), span: 7, inputs: 21, outputs: 10, stride: 2, padding: (0, 0), needsInputGradient: false,
      engine: engine, arena: arena)
    let x = arena.tensor(Shape(2, 15, 18, 3), values: 1)
    let y = arena.tensor(convolver.output(for: x.shape))
    #expect(y.shape == Shape(2, 5, 6, 10))
    let w = arena.tensor(Shape(7, 7, 3, 10), values: 2)
    convolver.pack(w.data, gradients: false)
    convolver.forward(x, into: y)
    let reference = { (w: [Double]) in
      Reference.convolution(
        x.floats.doubles, images: 2, height: 15, width: 18, inputs: 3, weights: w, kernel: (7, 7), outputs: 10,
        stride: 2,
        padding: (0, 0))
    }
    expectClose(y.floats, reference(w.floats.doubles))
    let dw = arena.tensor(w.shape)
    convolver.weightGradient(x: x, dy: y, dw: dw.data, scratch: arena.take(2 * convolver.scratchPerThread))
    let some = Array(stride(from: 0, to: w.shape.count, by: 97))
    expectClose(
      some.map { dw.data[$0] },
      numericGradient(of: reference, at: w.floats.doubles, dy: y.floats.doubles, step: 0.5, picked: some),
      relative: 1e-4)
  }

  /// An image's result is the same bits wherever it lies in a batch, and weight gradients for every number of threads.
  @Test(arguments: Kernels.all.indices)
  func bitsDoNotDependOnBatchOrThreads(set: Int) {
    let arena = Arena()
    func convolver(_ threads: Int) -> Convolver {
      Convolver(
        kernel: (3, 3), inputs: 70, outputs: 130, stride: 1, padding: (1, 1),
        engine: Engine(kernels: Kernels.all[set], threads: Threads(threads)), arena: arena)
    }
    let x = arena.tensor(Shape(5, 9, 7, 70), values: 1)
    let w = arena.tensor(Shape(3, 3, 70, 130), values: 2)
    let whole = arena.tensor(Shape(5, 9, 7, 130))
    let one = convolver(1)
    one.pack(w.data, gradients: false)
    one.forward(x, into: whole)
    let alone = arena.tensor(Shape(1, 9, 7, 130))
    for n in 0..<5 {
      one.forward(Tensor(x.data + n * 9 * 7 * 70, Shape(1, 9, 7, 70)), into: alone)
      #expect(alone.floats.elementsEqual(whole.floats[n * 9 * 7 * 130..<(n + 1) * 9 * 7 * 130]), "image \(n)")
    }
    let dw = arena.tensor(w.shape)
    one.weightGradient(x: x, dy: whole, dw: dw.data, scratch: arena.take(one.scratchPerThread))
    for threads in [2, 3, 5] {
      let other = arena.tensor(w.shape)
      let many = convolver(threads)
      many.weightGradient(x: x, dy: whole, dw: other.data, scratch: arena.take(threads * many.scratchPerThread))
      #expect(dw.floats.elementsEqual(other.floats), "\(threads) threads")
    }
  }

  /// Statistics are sums in double: how rows fall to threads, or ranks, does not show once they are rounded to float.
  @Test(arguments: Kernels.all.indices)
  func statisticsDoNotDependOnThreads(set: Int) {
    let arena = Arena()
    let x = arena.tensor(Shape(5, 19, 17, 8), values: 1)
    let w = arena.tensor(Shape(3, 3, 8, 70), values: 2)
    let y = arena.tensor(Shape(5, 19, 17, 70))
    func statistics(_ threads: Int) -> (forward: [Double], backward: [Double]) {
      let engine = Engine(kernels: Kernels.all[set], threads: Threads(threads))
      let convolver = Convolver(
        kernel: (3, 3), inputs: 8, outputs: 70, stride: 1, padding: (1, 1), engine: engine, arena: arena)
      let sums = { arena.take(threads * 140, of: Double.self) }
      let (forward, backward) = (sums(), sums())
      convolver.pack(w.data, gradients: false)
      convolver.forward(x, into: y, sums: forward)
      engine.reduce(y, maskedBy: nil, against: y, mean: w.data, sums: backward)
      let total = { (sums: UnsafeMutablePointer<Double>) in
        (0..<140).map { i in (0..<threads).reduce(0) { $0 + sums[$1 * 140 + i] } }
      }
      return (total(forward), total(backward))
    }
    let one = statistics(1)
    for threads in [2, 3, 7] {
      let many = statistics(threads)
      for (a, b) in zip(one.forward + one.backward, many.forward + many.backward) {
        #expect(abs(a - b) <= 1e-12 * max(1, abs(a)), "\(threads) threads")
      }
    }
  }

  /// A rank may have no images in a step: nothing is read, and gradients are zero.
  @Test func noImages() {
    let arena = Arena()
    let convolver = Convolver(
      kernel: (3, 3), inputs: 8, outputs: 8, stride: 2, padding: (1, 1),
      engine: Engine(kernels: Kernels.all[0], threads: Threads(2)), arena: arena)
    let dw = arena.tensor(Shape(3, 3, 8, 8), values: 1)
    let (x, y) = (arena.tensor(Shape(0, 9, 9, 8)), arena.tensor(Shape(0, 5, 5, 8)))
    convolver.forward(x, into: y)
    convolver.inputGradient(dy: y, into: x)
    convolver.weightGradient(x: x, dy: y, dw: dw.data, scratch: arena.take(2 * convolver.scratchPerThread))
    #expect(dw.floats.allSatisfy { $0 == 0 })
  }
}

extension Arena {
  func tensor(_ shape: Shape, values seed: Int) -> Tensor {
    let tensor = self.tensor(shape)
    for i in 0..<shape.count { tensor.data[i] = formula(seed, i) }
    return tensor
  }
}
