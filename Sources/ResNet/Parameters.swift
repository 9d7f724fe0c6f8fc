import Compute

/// One trainable tensor of the network: where it lies in the arenas and what the optimizer must know.
public struct Parameter: Sendable {
  public enum Kind: Sendable {
    /// A filter. PyTorch stores it `[outputs, inputs, height, width]`, we `[height, width, inputs, outputs]`.
    case convolution
    /// The weight of a linear layer, `[outputs, inputs]`.
    case linear
    /// The bias of a linear layer.
    case bias
    /// Weight or bias of a batch normalization. These train even where the rest of their group is frozen.
    case batchNorm
    /// A running mean or variance: not trained, but saved.
    case statistic
  }

  /// As in torchvision's `state_dict` (`layer1.0.conv1.weight`), the head's by fastai's indices (`head.4.weight`).
  public let name: String
  /// PyTorch's shape.
  public let shape: [Int]
  public let kind: Kind
  /// The layer group: 0 stem, layer1, layer2; 1 layer3, layer4; 2 head (recipe §4).
  public let group: Int
  /// Its floats in the arena of parameters, or of statistics.
  public let range: Range<Int>

  /// Whether it trains while the body is frozen.
  public var trainsFrozen: Bool { group == Architecture.headGroup || kind == .batchNorm }
}

/// All parameters in one arena, a bucket of gradients in a second, running statistics in a third.
///
/// Order is that of the forward pass.
///
/// `Sendable`, although its memory is not: the threads of a pass read it, and each writes its own part of the gradients.
@safe public final class Parameters: @unchecked Sendable {
  public let architecture: Architecture
  public let labels: Int
  public let trainable: [Parameter]
  public let statistics: [Parameter]
  public let values: UnsafeMutableBufferPointer<Float>
  /// Memory for the gradients of one bucket after the other.
  public let gradients: UnsafeMutableBufferPointer<Float>
  /// In the order in which backward completes them.
  public let buckets: [GradientBucket]
  public let runningStatistics: UnsafeMutableBufferPointer<Float>
  private let keeper: AnyObject
  private let index: [String: Parameter]
  private let gradientIndex: [String: Int]

  /// Where parameters and gradients lie, if not in an arena of their own.
  @safe public struct Place {
    public let values: UnsafeMutableBufferPointer<Float>
    public let gradients: UnsafeMutableBufferPointer<Float>
    /// Keeps both alive.
    public let keeper: AnyObject

    public init(
      values: UnsafeMutableBufferPointer<Float>, gradients: UnsafeMutableBufferPointer<Float>, keeper: AnyObject
    ) {
      unsafe (self.values, self.gradients, self.keeper) = (values, gradients, keeper)
    }
  }

  /// Zeros, for a network of `labels` outputs.
  ///
  /// - Parameters:
  ///   - bucketRoom: how many gradients a bucket may hold; nil for as many as the largest layer has.
  ///   - place: given how many floats the parameters are, and the gradients, where they are to lie; nil for an arena of
  ///     their own.
  public init(
    labels: Int, architecture: Architecture, bucketRoom: Int? = nil,
    place: (_ values: Int, _ gradients: Int) throws -> Place?
  ) rethrows {
    self.architecture = architecture
    self.labels = labels
    (trainable, statistics) = architecture.parameters(labels: labels)
    let count = { (parameters: [Parameter]) in parameters.last?.range.upperBound ?? 0 }
    let (trainableCount, statisticCount) = (count(trainable), count(statistics))
    index = Dictionary(uniqueKeysWithValues: (trainable + statistics).map { ($0.name, $0) })
    buckets = GradientBucket.cut(trainable, room: bucketRoom)
    var offsets: [String: Int] = [:]
    for bucket in buckets {
      var offset = 0
      for parameter in bucket.parameters {
        offsets[parameter.name] = offset
        offset += parameter.range.count
      }
    }
    gradientIndex = offsets
    let arena = Arena()
    let buffer = { unsafe UnsafeMutableBufferPointer<Float>(start: arena.allocate($0), count: $0) }
    let gradientCount = buckets.map(\.count).max() ?? 0
    let place = try place(trainableCount, gradientCount)
    unsafe values = place?.values ?? buffer(trainableCount)
    unsafe gradients = place?.gradients ?? buffer(gradientCount)
    unsafe runningStatistics = buffer(statisticCount)
    keeper = [arena, place?.keeper] as AnyObject
  }

  /// Zeros in an arena of their own; all gradients in one bucket, where they lie as the parameters do.
  public convenience init(labels: Int, architecture: Architecture) {
    self.init(labels: labels, architecture: architecture, bucketRoom: .max) { _, _ in nil }
  }

  /// Trainable and saved tensors, in order of the state_dict.
  public var all: [Parameter] { trainable + statistics }

  /// The value of a tensor of this network.
  func value(_ name: String) -> UnsafeMutablePointer<Float> {
    guard let parameter = index[name], let values = unsafe values.baseAddress,
      let statistics = unsafe runningStatistics.baseAddress
    else { fatalError("the network has no \(name)") }
    return unsafe (parameter.kind == .statistic ? statistics : values) + parameter.range.lowerBound
  }

  /// The gradient of a parameter of this network.
  func gradient(_ name: String) -> UnsafeMutablePointer<Float> {
    guard let offset = gradientIndex[name], let gradients = unsafe gradients.baseAddress
    else { fatalError("the network has no parameter \(name)") }
    return unsafe gradients + offset
  }
}
