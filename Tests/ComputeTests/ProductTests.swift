import TestSupport
import Testing

@testable import Compute

/// How threads share products that have few rows: by outputs too.
@Suite struct ProductTests {
  /// Every element belongs to one thread, however they are cut.
  @Test(arguments: [(1, 1), (3, 2), (4, 4), (7, 1), (2, 8)]) func rectanglesCoverAll(down: Int, across: Int) {
    let grid = Grid(down: down, across: across)
    for (rows, unit, columns) in [(0, 1, 3), (1, 1, 1), (37, 4, 5), (64, 16, 2), (5, 8, 9)] {
      var owners = [[Int]](repeating: [Int](repeating: 0, count: columns), count: rows)
      for number in 0..<down * across {
        guard let own = grid.rectangle(number, rows: rows, unit: unit, columns: columns) else { continue }
        #expect(own.rows.lowerBound % unit == 0)
        for row in own.rows { for column in own.columns { owners[row][column] += 1 } }
      }
      #expect(owners.allSatisfy { $0.allSatisfy { $0 == 1 } }, "\(rows) × \(columns)")
    }
  }

  /// Rows are cut while there are enough, and then outputs.
  @Test func outputsAreCutWhereRowsAreFew() {
    func grid(_ rows: Int, threads: Int) -> Grid {
      Product(
        rows: RowUnits(images: rows / 16, of: 16), rowsPerUnit: 16, panels: 8, width: 64, height: 6
      ).grid(threads: threads)
    }
    #expect(grid(1024, threads: 16) == Grid(down: 16, across: 1))
    #expect(grid(32, threads: 16) == Grid(down: 2, across: 8))
    #expect(grid(16, threads: 4) == Grid(down: 1, across: 4))
    #expect(grid(0, threads: 4).across == 1)
  }

  /// Threads that share rows compute the bits of one thread, with passes before and after.
  @Test(arguments: Target.all, [(3, 1), (1, 1), (3, 2)]) func outputsChangeNoBit(target: Target, filter: (Int, Int)) {
    let (kernel, stride) = filter
    let arena = Arena()
    let x = arena.tensor(Shape(2, 4, 4, 160), values: 1, target.precision)
    let w = arena.tensor(Shape(kernel, kernel, 160, 272), values: 2)
    let affine = Affine(scale: w.data, shift: w.data + 500)
    func results(_ threads: Int) -> (values: [Double], across: Int) {
      let engine = target.engine(threads)
      let convolver = Convolver(
        kernel: (kernel, kernel), inputs: 160, outputs: 272, stride: stride, padding: (kernel / 2, kernel / 2),
        image: (4, 4), engine: engine, scratch: Scratch(engine.threads))
      let shape = convolver.output(for: x.shape)
      let (y, z) = (arena.tensor(shape, target.precision), arena.tensor(shape, values: 4, target.precision))
      let (dy, dx) = (arena.tensor(shape, values: 3, target.precision), arena.tensor(x.shape, target.precision))
      let (forward, backward) = (PieceSums(for: shape), PieceSums(for: x.shape))
      convolver.forward(
        x, normalizing: affine, weights: w.data, into: y, after: .statistics(of: shape, sums: forward))
      convolver.inputGradient(
        dy: dy, weights: w.data, into: dx, before: .gradient(by: affine, z: z, slope: w.data, mean: w.data + 300),
        after: .reduce(mask: .normalized(affine), z: x, mean: w.data, sums: backward))
      let product =
        convolver.winograd?.forwardProduct(x.shape, sums: true)
        ?? convolver.forwardProduct(x.shape, isStored: false, sums: true)
      let values =
        y.doubles + dx.doubles + dy.doubles + forward.total(shape) + backward.total(x.shape)
      return (values, product.grid(threads: threads).across)
    }
    let one = results(1).values
    for threads in [2, 3, 4, 8, 16] { #expect(results(threads).values == one, "\(threads) threads") }
    #expect(results(16).across > 1)
  }
}
