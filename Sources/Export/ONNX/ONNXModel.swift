import SwiftProtobuf

extension NetworkExport {
  /// The newest of ONNX's operator sets that changed an operator used here (Flatten), and the format it came with
  /// (ONNX 1.20): a later one would say nothing else, and older runtimes would not read it.
  static let opset: Int64 = 25
  static let irVersion: Int64 = 13

  /// The network as an ONNX model (https://onnx.ai/onnx/intro/concepts.html).
  func onnxModel() -> ModelProto {
    .with {
      $0.irVersion = Self.irVersion
      $0.opsetImport = [.with { $0.version = Self.opset }]
      $0.producerName = "planet-dist"
      $0.producerVersion = version
      $0.docString = "ResNet-50 with fastai's head: the probability of each label, independent of the others."
      $0.metadataProps = facts.sorted { $0.key < $1.key }.map { key, value in
        .with {
          $0.key = key
          $0.value = value
        }
      }
      $0.graph = ONNXGraph(tensors).network(labels: labels.count)
    }
  }
}
