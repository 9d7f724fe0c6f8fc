import ResNet
import SwiftProtobuf

extension NetworkExport {
  /// What the graph needs, and so every runtime since ONNX 1.4 (2019) reads: a normalization without the `spatial` of
  /// earlier operator sets, and constants that are not inputs, as this version of the format was the first to allow.
  static let opset: Int64 = 9
  static let irVersion: Int64 = 4

  /// The network as an ONNX model (https://onnx.ai/onnx/intro/concepts.html).
  func onnxModel() -> ModelProto {
    .with {
      $0.irVersion = Self.irVersion
      $0.opsetImport = [.with { $0.version = Self.opset }]
      $0.producerName = "planet-dist"
      $0.producerVersion = version
      $0.docString =
        "torchvision's \(architecture) with fastai's head: the probability of each label, independent of the others."
      $0.metadataProps = facts.sorted { $0.key < $1.key }.map { key, value in
        .with {
          $0.key = key
          $0.value = value
        }
      }
      $0.graph = ONNXGraph(architecture, tensors).network(labels: labels.count)
    }
  }
}
