import Checkpoints
import Files
import ResNet
public import Runs
import SwiftProtobuf

/// A trained network in the formats of other programs.
public struct NetworkExport {
  let tensors: [String: StoredTensor]
  let architecture: Architecture
  let labels: [String]
  /// `arch`, `labels`, `threshold`, `size`, `mean`, `std` and `data` as text, lists and `data` as JSON; the same keys in
  /// every format.
  let facts: [String: String]
  let version: String

  /// - Parameters:
  ///   - threshold: the probability above which a label is given, for the file's readers.
  ///   - version: of this program, for the file's readers.
  public init(_ model: ModelFile, threshold: Double, version: String) throws {
    tensors = model.tensors
    (architecture, labels) = (model.architecture, model.labels)
    facts = try ModelFile.facts(
      labels: labels, size: model.size, architecture: architecture, origin: model.origin
    ).merging(["threshold": String(threshold)]) { $1 }
    self.version = version
  }

  /// Writes safetensors with torchvision's names for the body and, behind `head.`, those of fastai's
  /// head; the facts are in the metadata. Batch normalization's `num_batches_tracked` are left out: PyTorch's
  /// `load_state_dict` sets them to 0, also with `strict=True`, where a state_dict does not have them.
  ///
  /// - Throws: `FileError`. The file appears complete or not at all.
  public func writeTorchvision(to path: String) throws {
    let inOrder = tensors.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
    let about = ["format": "pt", "producer": "planet-dist \(version)"]
    try SafeTensors.write(inOrder, metadata: about.merging(facts) { $1 }, to: path)
  }

  /// Writes an ONNX model: float32 `images` `[batch, 3, height, width]`, RGB in `0...1`, of any size that the network
  /// takes, to `probabilities` `[batch, labels]`; the facts are in `metadata_props`.
  ///
  /// - Throws: `FileError`. The file appears complete or not at all.
  public func writeONNX(to path: String) throws {
    try AtomicFile.write(try onnxModel().serializedBytes() as [UInt8], to: path)
  }
}
