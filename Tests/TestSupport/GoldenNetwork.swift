import Foundation
public import ResNet

/// The network and batches of the reference values in Tests/ResNetTests/Golden; its README gives the formulas.
public struct GoldenNetwork: Decodable {
  public let arch: Architecture
  public let size: Int
  public let batch: Int
  /// Which batch of images and targets the file's values are of.
  public let batchNumber: Int
  public let labels: Int
  public let tensors: [String]
  public let loss: Double
  public let trainingLogits: [Double]
  public let evaluationLogits: [Double]
  /// Of each tensor: its 2-norm, and its dot product with u(3000 + k, ·).
  public let gradients: [String: [Double]]
  public let runningStatistics: [String: [Double]]

  public init(_ name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("ResNetTests/Golden/\(name).json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }

  /// The network's parameters before any training.
  public func parameters() -> Parameters {
    let parameters = Parameters(labels: labels, architecture: arch)
    load(into: parameters)
    return parameters
  }

  /// Gives a network of this kind these parameters.
  public func load(into parameters: Parameters) {
    let place = Dictionary(uniqueKeysWithValues: zip(tensors, tensors.indices))
    for parameter in parameters.all {
      guard let k = place[parameter.name] else { preconditionFailure("no \(parameter.name) in the golden file") }
      let (scale, offset) = Self.distribution(parameter)
      parameters.load(
        (0..<parameter.range.count).map { Float(scale * Double(formula(k, $0)) + offset) }, into: parameter)
    }
  }

  /// Norm and dot product of a tensor's values in PyTorch's layout.
  public func summary(_ values: [Float], of name: String) -> [Double] {
    let k = 3000 + (tensors.firstIndex(of: name) ?? 0)
    let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    return [norm, values.enumerated().reduce(0) { $0 + Double($1.element) * Double(formula(k, $1.offset)) }]
  }

  /// Targets of batch `s`, `[batch, labels]`.
  public func targets(_ s: Int) -> [Float] { (0..<batch * labels).map { formula(1001 + 2 * s, $0) > 0.2 ? 1 : 0 } }

  /// Fills images `[batch, size, size, 3]` with batch `s`; the formula counts them as `[batch, 3, size, size]`.
  public func fill(_ images: UnsafeMutableBufferPointer<Float>, batch s: Int) {
    for n in 0..<batch {
      for c in 0..<3 {
        for pixel in 0..<size * size {
          images[(n * size * size + pixel) * 3 + c] = 4 * formula(1000 + 2 * s, (n * 3 + c) * size * size + pixel)
        }
      }
    }
  }

  private static func distribution(_ parameter: Parameter) -> (scale: Double, offset: Double) {
    let name = parameter.name
    let isHead = name.hasPrefix("head.")
    switch parameter.kind {
    case .convolution, .linear: return ((24 / Double(parameter.shape.dropFirst().reduce(1, *))).squareRoot(), 0)
    case .bias: return (0.1, 0)
    case .statistic where name.hasSuffix("running_mean"): return (0.1, 0)
    case .statistic: return isHead ? (0.2, 1) : (2, 10)
    case .batchNorm where name.hasSuffix("weight"): return (0.2, name.contains(".bn3.") ? 0.4 : 1)
    case .batchNorm: return isHead || name.contains(".bn3.") || name == "bn1.bias" ? (0.2, 0) : (2, 2)
    }
  }
}
