import TestSupport
import Testing

@testable import Compute

@Suite struct GradientSplitTests {
  /// Every thread has work wherever there is enough, on few weights by branches of the tree over the batch's parts.
  @Test func everyThreadHasWork() {
    // Inputs by 16, as Winograd's; panels of 64 outputs.
    func split(_ inputs: Int, _ outputs: Int, threads: Int, branches: Int) -> GradientSplit {
      GradientSplit(rows: inputs / 16, columns: outputs / 64, width: 4, threads: threads, branches: branches)
    }
    for threads in [1, 2, 4, 8, 16, 32] {
      for (inputs, outputs) in [(64, 64), (64, 256), (256, 64), (128, 128), (512, 512)] {
        let found = split(inputs, outputs, threads: threads, branches: 8)
        #expect(found.branches * found.grid.across * found.grid.down == threads)
        let busy = found.branches * min(found.grid.across, outputs / 64) * min(found.grid.down, inputs / 16)
        #expect(busy == min(threads, inputs / 16 * outputs / 64 * 8), "\(inputs) → \(outputs), \(threads) threads")
      }
    }
    #expect(split(64, 64, threads: 16, branches: 8).branches == 8)
    let whole = split(512, 512, threads: 16, branches: 1)
    #expect(whole.grid == Grid(down: 4, across: 4), "squares read least")
  }

  /// Threads that share the parts of a batch compute the bits of one thread, with empty parts too.
  @Test(arguments: Target.all, [3, 1]) func branchesChangeNoBit(target: Target, kernel: Int) {
    let arena = Arena()
    let x = arena.tensor(Shape(11, 8, 8, 32), values: 1, target.precision)
    let dy = arena.tensor(Shape(11, 8, 8, 48), values: 2, target.precision)
    for (batch, first) in [(11, 8), (5, 8), (3, 4)] {
      let parts = BatchParts(batch: batch, parts: first, rank: 0, worldSize: 1)
      func gradient(_ threads: Int) -> [Float] {
        let engine = target.engine(threads)
        let convolver = Convolver(
          kernel: (kernel, kernel), inputs: 32, outputs: 48, stride: 1, padding: (kernel / 2, kernel / 2),
          image: (8, 8),
          engine: engine, scratch: Scratch(engine.threads, parts: first))
        let dw = arena.tensor(Shape(kernel, kernel, 32, 48), values: 3)
        convolver.weightGradient(x: x.images(0..<batch), dy: dy.images(0..<batch), dw: dw.data, parts: parts)
        return Array(dw.floats)
      }
      let one = gradient(1)
      for threads in [2, 3, 4, 6, 8, 16] { #expect(gradient(threads) == one, "\(threads) threads, \(batch) images") }
    }
  }
}
