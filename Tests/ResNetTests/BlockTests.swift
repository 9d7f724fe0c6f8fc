import Compute
import TestSupport
import Testing

@testable import ResNet

/// A bottleneck in Double, as the paper draws it.
private struct ReferenceBlock {
  let parameters: [String: [Double]]
  let (images, height, width, inputs, bottleneck, stride): (Int, Int, Int, Int, Int, Int)

  func convNorm(
    _ x: [Double], _ conv: String, _ norm: String, h: Int, w: Int, inputs: Int, outputs: Int, kernel: Int, stride: Int
  ) -> [Double] {
    let z = Reference.convolution(
      x, images: images, height: h, width: w, inputs: inputs, weights: parameters[conv + ".weight"]!,
      kernel: (kernel, kernel), outputs: outputs, stride: stride, padding: (kernel / 2, kernel / 2))
    return Reference.batchNorm(z, gamma: parameters[norm + ".weight"]!, beta: parameters[norm + ".bias"]!)
  }

  func forward(_ x: [Double]) -> [Double] {
    let (h, w) = ((height - 1) / stride + 1, (width - 1) / stride + 1)
    let relu = { (y: [Double]) in y.map { max(0, $0) } }
    let a = relu(
      convNorm(x, "conv1", "bn1", h: height, w: width, inputs: inputs, outputs: bottleneck, kernel: 1, stride: 1))
    let b = relu(
      convNorm(
        a, "conv2", "bn2", h: height, w: width, inputs: bottleneck, outputs: bottleneck, kernel: 3, stride: stride))
    let c = convNorm(b, "conv3", "bn3", h: h, w: w, inputs: bottleneck, outputs: 4 * bottleneck, kernel: 1, stride: 1)
    let shortcut =
      parameters["downsample.0.weight"] == nil
      ? x
      : convNorm(
        x, "downsample.0", "downsample.1", h: height, w: width, inputs: inputs, outputs: 4 * bottleneck, kernel: 1,
        stride: stride)
    return relu(zip(c, shortcut).map(+))
  }
}

@Suite struct BlockTests {
  /// A stage's first block, strided and downsampling, and one that follows: output and every kind of gradient.
  @Test(arguments: [("layer2.0", true), ("layer1.1", false)]) func bottleneck(name: String, first: Bool) throws {
    let engine = Engine(kernels: Kernels.all[0], threads: Threads(2))
    let parameters = Parameters(labels: 3, architecture: .resnet50)
    fill(parameters, prefix: name)
    let plan = MemoryPlan(parameters: parameters, engine: engine, parts: 1)
    let (width, stride) = first ? (128, 2) : (64, 1)
    let input = Shape(2, 3, 3, 256)
    let block = Bottleneck(name, input: input, width: width, stride: stride, isFirst: first, plan: plan)
    let workspace = plan.workspace()
    let x = plan.arena.tensor(input)
    for i in 0..<input.count { x.data[i] = 2 * formula(900, i) }

    let own = parameters.all.filter { $0.name.hasPrefix(name + ".") }
    let values = Dictionary(
      uniqueKeysWithValues: own.map { parameter in
        (String(parameter.name.dropFirst(name.count + 1)), stored(parameter, parameters).doubles)
      })
    func reference(_ values: [String: [Double]]) -> ReferenceBlock {
      ReferenceBlock(parameters: values, images: 2, height: 3, width: 3, inputs: 256, bottleneck: width, stride: stride)
    }
    let pass = Pass(training: true)
    let y = try block.forward(x, pass: pass)
    expectClose(y.floats, reference(values).forward(x.floats.doubles), relative: 2e-5, "y")

    let dy = Tensor(workspace.buffers[0], y.shape)
    for i in 0..<y.shape.count { dy.data[i] = formula(901, i) }
    let given = dy.floats.doubles
    engine.run(block.reduction(2), on: dy)
    let dx = try block.backward(dy, x: x, after: nil, workspace: workspace, pass: pass)
    let some = Array(Swift.stride(from: 0, to: input.count, by: 577))
    expectClose(
      some.map { dx.data[$0] },
      numericGradient(of: reference(values).forward, at: x.floats.doubles, dy: given, picked: some), relative: 1e-3,
      "dx")

    for parameter in own where parameter.kind != .statistic {
      let key = String(parameter.name.dropFirst(name.count + 1))
      let picked = [0, parameter.range.count / 2, parameter.range.count - 1]
      let expected = numericGradient(
        of: { changed in reference(values.merging([key: changed]) { $1 }).forward(x.floats.doubles) },
        at: values[key] ?? [], dy: given, picked: picked)
      let gradient = parameters.gradient(parameter.name)
      // The scale is the parameter's largest gradient, lest three small ones be compared with each other.
      let largest = (0..<parameter.range.count).map { abs(Double(gradient[$0])) }.max() ?? 0
      expectClose(picked.map { gradient[$0] }, expected, relative: 1e-3, absolute: 1e-3 * largest, key)
    }
  }

  private func stored(_ parameter: Parameter, _ parameters: Parameters) -> [Float] {
    Array(UnsafeBufferPointer(start: parameters.value(parameter.name), count: parameter.range.count))
  }

  private func fill(_ parameters: Parameters, prefix: String) {
    for (place, parameter) in parameters.all.enumerated() where parameter.name.hasPrefix(prefix) {
      let value = parameters.value(parameter.name)
      let scale =
        parameter.kind == .convolution
        ? 3.4 * (2 / Float(parameter.shape[1] * parameter.shape[2] * parameter.shape[3])).squareRoot() : 0.3
      for i in 0..<parameter.range.count {
        value[i] =
          scale * formula(place, i) + (parameter.name.hasSuffix("weight") && parameter.kind == .batchNorm ? 1 : 0)
      }
    }
  }
}
