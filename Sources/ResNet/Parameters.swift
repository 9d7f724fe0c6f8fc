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

/// All parameters in one arena, their gradients in a second with the same layout, running statistics in a third.
///
/// Order is that of the forward pass, so that backward finishes the gradient arena from its end.
///
/// `Sendable`, although its memory is not: the threads of a pass read it, and each writes its own part of the gradients.
@safe public final class Parameters: @unchecked Sendable {
  public let architecture: Architecture
  public let labels: Int
  public let trainable: [Parameter]
  public let statistics: [Parameter]
  public let values: UnsafeMutableBufferPointer<Float>
  public let gradients: UnsafeMutableBufferPointer<Float>
  public let runningStatistics: UnsafeMutableBufferPointer<Float>
  private let keeper: AnyObject
  private let index: [String: Parameter]

  /// Where parameters and their gradients lie, if not in an arena of their own.
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
  /// - Parameter place: given how many floats the parameters are, where they are to lie; nil for an arena of their own.
  public init(labels: Int, architecture: Architecture, place: (Int) throws -> Place?) rethrows {
    self.architecture = architecture
    self.labels = labels
    var (trainable, statistics): ([Parameter], [Parameter]) = ([], [])
    var (trainableCount, statisticCount) = (0, 0)
    architecture.forEachParameter(labels: labels) { name, shape, kind, group in
      let count = shape.reduce(1, *)
      let start = kind == .statistic ? statisticCount : trainableCount
      let parameter = Parameter(name: name, shape: shape, kind: kind, group: group, range: start..<start + count)
      if kind == .statistic {
        statistics.append(parameter)
        statisticCount += count
      } else {
        trainable.append(parameter)
        trainableCount += count
      }
    }
    self.trainable = trainable
    self.statistics = statistics
    index = Dictionary(uniqueKeysWithValues: (trainable + statistics).map { ($0.name, $0) })
    let arena = Arena()
    let buffer = { unsafe UnsafeMutableBufferPointer<Float>(start: arena.allocate($0), count: $0) }
    let place = try place(trainableCount)
    unsafe values = place?.values ?? buffer(trainableCount)
    unsafe gradients = place?.gradients ?? buffer(trainableCount)
    unsafe runningStatistics = buffer(statisticCount)
    keeper = [arena, place?.keeper] as AnyObject
  }

  /// Zeros in an arena of their own.
  public convenience init(labels: Int, architecture: Architecture) {
    self.init(labels: labels, architecture: architecture) { _ in nil }
  }

  /// Trainable and saved tensors, in order of the state_dict.
  public var all: [Parameter] { trainable + statistics }

  /// The value of a tensor of this network.
  func value(_ name: String) -> UnsafeMutablePointer<Float> {
    guard let parameter = index[name], let values = unsafe values.baseAddress,
      let statistics = unsafe runningStatistics.baseAddress
    else { preconditionFailure("the network has no \(name)") }
    return unsafe (parameter.kind == .statistic ? statistics : values) + parameter.range.lowerBound
  }

  /// The gradient of a parameter of this network.
  func gradient(_ name: String) -> UnsafeMutablePointer<Float> {
    guard let parameter = index[name], let gradients = unsafe gradients.baseAddress, parameter.kind != .statistic
    else { preconditionFailure("the network has no parameter \(name)") }
    return unsafe gradients + parameter.range.lowerBound
  }

  /// The ranges of the arena that train: all of it, or, frozen, what ``Parameter/trainsFrozen`` says; adjacent ones
  /// joined.
  ///
  /// - Parameter group: leaves out all other layer groups.
  public func trainableRanges(frozen: Bool, group: Int? = nil) -> [Range<Int>] {
    let trained = trainable.filter { (!frozen || $0.trainsFrozen) && (group == nil || $0.group == group) }
    return trained.map(\.range).reduce(into: []) { ranges, next in
      if let last = ranges.last, last.upperBound == next.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<next.upperBound
      } else {
        ranges.append(next)
      }
    }
  }
}
