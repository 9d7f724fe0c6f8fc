import Compute
import ResNet

/// A convolution of the benchmark with its tensors, filled with numbers that bf16 can hold.
@safe struct KernelCase {
  private let c: Architecture.Convolution
  private let convolver: Convolver
  private let (x, y, dy, dx): (Tensor, Tensor, Tensor, Tensor)
  private let weights: Tensor
  private let dw: Tensor
  private let sums: PieceSums
  private let arena = Arena()

  /// - Parameter winograd: whether to take Winograd's products where they apply; where nil if they are faster.
  init(_ c: Architecture.Convolution, batch: Int, engine: Engine, winograd: Bool? = nil) {
    self.c = c
    convolver = c.convolver(on: engine, winograd: winograd)
    let input = Shape(batch, c.input.height, c.input.width, c.input.channels)
    let output = convolver.output(for: input)
    (x, dx) = (arena.tensor(input, engine.precision), arena.tensor(input, engine.precision))
    (y, dy) = (arena.tensor(output, engine.precision), arena.tensor(output, engine.precision))
    weights = arena.tensor(Shape(c.kernel.height, c.kernel.width * c.span, c.input.channels, c.outputs))
    dw = arena.tensor(weights.shape)
    sums = PieceSums(for: output)
    for (number, tensor) in [x, dy, weights].enumerated() {
      unsafe engine.convert(
        Self.numbers(tensor.shape.count, seed: number), into: tensor.memory, tensor.precision,
        count: tensor.shape.count)
    }
  }

  /// Whether its products are Winograd's.
  var isWinograd: Bool { convolver.isWinograd }

  func forward() {
    unsafe convolver.forward(x, weights: weights.data, into: y, after: .statistics(of: y.shape, sums: sums))
  }
  func inputGradient() { unsafe convolver.inputGradient(dy: dy, weights: weights.data, into: dx) }
  func weightGradient() { unsafe convolver.weightGradient(x: x, dy: dy, dw: dw.data) }

  /// Compares some elements of each result with sums in Double.
  ///
  /// - Throws: ``KernelBenchmarkError``.
  func verify() throws {
    forward()
    weightGradient()
    try compare(y, "forward", expectedOutput)
    try compare(dw, "weight gradient", expectedWeightGradient)
    guard c.hasInputGradient else { return }
    inputGradient()
    try compare(dx, "input gradient", expectedInputGradient)
  }

  private func compare(_ tensor: Tensor, _ what: String, _ expected: ([Int]) -> Double) throws {
    var random = RandomSource(seed: 1, purpose: .synthetic, 0, 0)
    let shape = tensor.shape
    for _ in 0..<24 {
      let at = [shape.images, shape.height, shape.width, shape.channels].map { Int(random.uniform() * Float($0)) }
      let (found, wanted) = (value(tensor, at), expected(at))
      // Sums of up to some 10^5 products of numbers near 1: rounding grows with their root.
      let bound = tensor.precision == .fp32 ? 2e-3 + 1e-5 * abs(wanted) : 2e-3 + abs(wanted) / 256
      guard abs(found - wanted) <= bound else {
        throw KernelBenchmarkError(what: "\(c.name), \(what) at \(at) is \(found) instead of \(wanted)")
      }
    }
  }

  private func expectedOutput(_ at: [Int]) -> Double {
    elements.reduce(0) { sum, element in
      let (y, x) = (at[1] * c.stride + element.y - c.padding.y, at[2] * c.stride + element.x - c.padding.x)
      return (0..<c.input.channels).reduce(sum) {
        $0 + value(self.x, [at[0], y, x, $1]) * value(weights, [element.y, element.x, $1, at[3]])
      }
    }
  }

  private func expectedInputGradient(_ at: [Int]) -> Double {
    elements.reduce(0) { sum, element in
      let (y, x) = (at[1] + c.padding.y - element.y, at[2] + c.padding.x - element.x)
      guard y % c.stride == 0, x % c.stride == 0 else { return sum }
      return (0..<c.outputs).reduce(sum) {
        $0 + value(dy, [at[0], y / c.stride, x / c.stride, $1]) * value(weights, [element.y, element.x, at[3], $1])
      }
    }
  }

  private func expectedWeightGradient(_ at: [Int]) -> Double {
    (0..<dy.shape.rows).reduce(0) { sum, row in
      let (ox, oy) = (row % dy.shape.width, row / dy.shape.width % dy.shape.height)
      let n = row / dy.shape.width / dy.shape.height
      let (y, x) = (oy * c.stride + at[0] - c.padding.y, ox * c.stride + at[1] - c.padding.x)
      return sum + value(self.x, [n, y, x, at[2]]) * value(dy, [n, oy, ox, at[3]])
    }
  }

  /// The filter's elements: row and column.
  private var elements: [(y: Int, x: Int)] {
    (0..<weights.shape.images).flatMap { y in (0..<weights.shape.height).map { (y, $0) } }
  }

  /// An element of a tensor; zero outside of its images.
  private func value(_ tensor: Tensor, _ at: [Int]) -> Double {
    let shape = tensor.shape
    guard 0..<shape.height ~= at[1], 0..<shape.width ~= at[2] else { return 0 }
    return tensor[((at[0] * shape.height + at[1]) * shape.width + at[2]) * shape.channels + at[3]]
  }

  /// The same numbers in every run: multiples of 1/64 between -1 and 1.
  private static func numbers(_ count: Int, seed: Int) -> [Float] {
    var random = RandomSource(seed: 1, purpose: .synthetic, seed, 0)
    return (0..<count).map { _ in (random.uniform(-1, 1) * 64).rounded() / 64 }
  }
}
