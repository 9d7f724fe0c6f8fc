import Checkpoints
import Files
import Foundation
public import ResNet

/// Weights of a ResNet trained on something else, usually ImageNet.
public enum PretrainedBody {
  /// The files of torchvision's first weights, which fastai v1 fetched; the recipe's results were reached with the first.
  private static let original = ["resnet50-19c8e357.pth", "resnet101-5d3b4d8f.pth", "resnet152-394f9c45.pth"]

  /// Where torchvision keeps an architecture's `ARCH-*.pth`: `$TORCH_HOME/hub/checkpoints`, else
  /// `~/.cache/torch/hub/checkpoints`. Of several, those that fastai v1 fetched come first. Variables that are empty count
  /// as not set.
  ///
  /// - Throws: ``TrainingError/noPretrained(_:folder:)`` where there is none.
  public static func find(
    _ architecture: Architecture, environment: [String: String]
  ) throws(TrainingError) -> String {
    let environment = environment.filter { !$0.value.isEmpty }
    let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "~") + "/.cache"
    let folder = (environment["TORCH_HOME"] ?? cache + "/torch") + "/hub/checkpoints"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let weights = names.filter { $0.begins(with: "\(architecture)-") && $0.ends(with: ".pth") }.sorted()
    guard let name = weights.first(where: original.contains) ?? weights.first
    else { throw .noPretrained(architecture, folder: folder) }
    return folder + "/" + name
  }

  /// Replaces the body's weights and statistics by those of a `.pth` or `.safetensors` file with torchvision's names. The
  /// head is left as it is; the file's classifier is ignored.
  ///
  /// - Throws: `CheckpointError`, naming everything missing, unexpected or misshapen at once.
  static func load(_ path: String, into parameters: Parameters) throws(CheckpointError) {
    let file = try WeightsFile.read(path)
    let body = parameters.all.filter { $0.group < Architecture.headGroup }
    let head = file.tensors.keys.filter { $0.begins(with: "fc.") || $0.begins(with: "head.") }
    try file.check(against: body.map { ($0.name, $0.shape) }, ignoring: Set(head))
    for parameter in body {
      if let tensor = file.tensors[parameter.name] { parameters.load(tensor.values, into: parameter) }
    }
  }
}
