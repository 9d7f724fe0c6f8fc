import Foundation
import ResNet
import Training

extension Start {
  /// What `--pretrained` means: a file, 'none', or by default the one in torchvision's cache.
  static func fresh(_ pretrained: String?, _ architecture: Architecture) throws -> Start {
    switch pretrained {
    case "none": .random
    case let path?: .pretrained(path)
    case nil: .pretrained(try PretrainedBody.find(architecture, environment: ProcessInfo.processInfo.environment))
    }
  }
}
