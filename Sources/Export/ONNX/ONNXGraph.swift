import Checkpoints
import PlanetData
import ResNet
import SwiftProtobuf

/// Writes the network down, layer by layer, as a graph of ONNX operators (https://onnx.ai/onnx/operators): evaluation,
/// so no dropout, and normalization by the running statistics.
///
/// A node has the name of its layer in PyTorch, and a value the name of the node that computes it.
struct ONNXGraph {
  private let architecture: Architecture
  private let tensors: [String: StoredTensor]
  private var graph = GraphProto()

  /// - Parameter tensors: a whole network's, by PyTorch's names.
  init(_ architecture: Architecture, _ tensors: [String: StoredTensor]) {
    (self.architecture, self.tensors) = (architecture, tensors)
  }

  /// From images to probabilities.
  consuming func network(labels: Int) -> GraphProto {
    graph.name = architecture.rawValue
    graph.input = [
      ValueInfoProto(
        "images", [.dimParam("batch"), .dimValue(3), .dimParam("height"), .dimParam("width")],
        doc: "Red, green and blue in 0...1.")
    ]
    graph.output = [
      ValueInfoProto(
        "probabilities", [.dimParam("batch"), .dimValue(Int64(labels))], doc: "Of each label, in their order.")
    ]
    head(body(normalized("images")))
    return graph
  }

  /// `(x - mean) / std`, by channel.
  private mutating func normalized(_ x: String) -> String {
    func channels(_ values: [Float]) -> StoredTensor { StoredTensor(shape: [1, 3, 1, 1], values: values) }
    let centered = node("Sub", [x, constant("mean", channels(ImageNet.mean))], "centered")
    return node("Div", [centered, constant("std", channels(ImageNet.std))], "normalized")
  }

  private mutating func body(_ x: String) -> String {
    var x = convolution("conv1", norm: "bn1", x, stride: 2, relu: true)
    x = node(
      "MaxPool", [x], "maxpool",
      [.init("kernel_shape", [3, 3]), .init("strides", [2, 2]), .init("pads", [1, 1, 1, 1])])
    for layer in architecture.layers {
      for block in 0..<layer.blocks {
        let stride = block == 0 ? layer.stride : 1
        x = bottleneck("\(layer.name).\(block)", x, stride: stride, isFirst: block == 0)
      }
    }
    return x
  }

  /// 1×1, 3×3 with the stride, 1×1, added to the shortcut, then clipped.
  private mutating func bottleneck(_ name: String, _ x: String, stride: Int, isFirst: Bool) -> String {
    let reduced = convolution("\(name).conv1", norm: "\(name).bn1", x, stride: 1, relu: true)
    let filtered = convolution("\(name).conv2", norm: "\(name).bn2", reduced, stride: stride, relu: true)
    let expanded = convolution("\(name).conv3", norm: "\(name).bn3", filtered, stride: 1, relu: false)
    let shortcut =
      isFirst
      ? convolution("\(name).downsample.0", norm: "\(name).downsample.1", x, stride: stride, relu: false) : x
    return node("Relu", [node("Add", [expanded, shortcut], "\(name).add")], name)
  }

  private mutating func head(_ x: String) {
    let pooled = [node("GlobalMaxPool", [x], "head.0.mp"), node("GlobalAveragePool", [x], "head.0.ap")]
    var x = node("Flatten", [node("Concat", pooled, "head.0", [.init("axis", 1)])], "head.1")
    x = batchNorm("head.2", x)
    x = node("Relu", [linear("head.4", x)], "head.5")
    x = linear("head.8", batchNorm("head.6", x))
    _ = node("Sigmoid", [x], "probabilities")
  }

  /// A convolution that keeps the size but for its stride, normalized and, with `relu`, clipped.
  private mutating func convolution(_ name: String, norm: String, _ x: String, stride: Int, relu: Bool) -> String {
    let kernel = tensor("\(name).weight").shape[2]
    let z = node(
      "Conv", [x, weight("\(name).weight")], name,
      [
        .init("kernel_shape", [kernel, kernel]), .init("strides", [stride, stride]),
        .init("pads", [Int](repeating: kernel / 2, count: 4)),
      ])
    let y = batchNorm(norm, z)
    return relu ? node("Relu", [y], "\(norm).relu") : y
  }

  private mutating func batchNorm(_ name: String, _ x: String) -> String {
    let parameters = ["weight", "bias", "running_mean", "running_var"].map { weight("\(name).\($0)") }
    return node("BatchNormalization", [x] + parameters, name, [.init("epsilon", Float(Architecture.epsilon))])
  }

  private mutating func linear(_ name: String, _ x: String) -> String {
    node("Gemm", [x, weight("\(name).weight"), weight("\(name).bias")], name, [.init("transB", 1)])
  }

  /// One of the network's tensors as a constant of the graph.
  private mutating func weight(_ name: String) -> String { constant(name, tensor(name)) }

  private func tensor(_ name: String) -> StoredTensor {
    guard let tensor = tensors[name] else { fatalError("the network has no \(name)") }
    return tensor
  }

  private mutating func constant(_ name: String, _ tensor: StoredTensor) -> String {
    graph.initializer.append(TensorProto(name, tensor))
    return name
  }

  /// Appends a node, whose only output has its name.
  private mutating func node(
    _ operation: String, _ inputs: [String], _ name: String, _ attributes: [AttributeProto] = []
  ) -> String {
    graph.node.append(
      .with {
        $0.opType = operation
        $0.name = name
        $0.input = inputs
        $0.output = [name]
        $0.attribute = attributes
      })
    return name
  }
}
