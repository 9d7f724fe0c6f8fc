import Compute
import TestSupport
import Testing

@Suite struct MatrixMultiplyTests {
  @Test(arguments: [(1, 3, 2), (17, 5, 9), (33, 130, 64)]) func matchesReference(images: Int, inputs: Int, outputs: Int)
  {
    let arena = Arena()
    func room(_ channels: Int, values seed: Int) -> Tensor { arena.tensor(Shape(images, 1, 1, channels), values: seed) }
    let (x, dy, y, dx) = (
      room(inputs, values: 1), room(outputs, values: 2), room(outputs, values: 3), room(inputs, values: 4)
    )
    let w = arena.tensor(Shape(outputs, 1, 1, inputs), values: 5)
    let dw = arena.tensor(w.shape, values: 6)
    let zeros = [Double](repeating: 0, count: outputs)
    let reference = { (x: [Double], w: [Double]) in Reference.linear(x, weights: w, bias: zeros) }
    let (xs, ws, dys) = (x.floats.doubles, w.floats.doubles, dy.floats.doubles)
    let engine = Target.all[0].engine(2)
    let scratch = Scratch(engine.threads, parts: 4)
    scratch.reserve(weights: w.shape.count)
    let multiply = MatrixMultiply(BatchParts(batch: images, parts: 4, rank: 0, worldSize: 1), on: engine)
    multiply.forward(x, w.data, into: y)
    expectClose(y.floats, reference(xs, ws))
    multiply.inputGradient(dy, w.data, into: dx)
    let some = Array(stride(from: 0, to: xs.count, by: max(1, xs.count / 20)))
    expectClose(
      some.map { dx.data[$0] }, numericGradient(of: { reference($0, ws) }, at: xs, dy: dys, step: 0.5, picked: some),
      absolute: 1e-5)
    multiply.weightGradient(dy, x, into: dw.data, scratch: scratch)
    let others = Array(stride(from: 0, to: ws.count, by: max(1, ws.count / 20)))
    expectClose(
      others.map { dw.data[$0] },
      numericGradient(of: { reference(xs, $0) }, at: ws, dy: dys, step: 0.5, picked: others), absolute: 1e-5)
  }
}
