/// A bottleneck ResNet (He et al., arXiv:1512.03385) in its v1.5 form, as torchvision's of the same name: a bottleneck's
/// stride lies on its 3×3 convolution. Above it fastai's head (recipe §4).
public struct Architecture: RawRepresentable, CaseIterable, Codable, Hashable, Sendable {
  /// Bottlenecks in a row, torchvision's `layer1` to `layer4`.
  public struct Layer: Hashable, Sendable {
    public let name: String
    /// Bottlenecks.
    public let blocks: Int
    /// Channels inside a bottleneck; four times as many leave it.
    public let width: Int
    /// The first bottleneck's stride; the others' is 1.
    public let stride: Int
    /// The layer group (recipe §4).
    public let group: Int
  }

  /// torchvision's name of it, by which users, recipes and files call it.
  public let rawValue: String
  /// From the stem to the head.
  public let layers: [Layer]

  public static let resnet50 = Architecture("resnet50", blocks: [3, 4, 6, 3])
  public static let resnet101 = Architecture("resnet101", blocks: [3, 4, 23, 3])
  public static let resnet152 = Architecture("resnet152", blocks: [3, 8, 36, 3])
  /// Every one that can be trained, the smallest first.
  public static let allCases = [resnet50, resnet101, resnet152]

  private init(_ name: String, blocks: [Int]) {
    rawValue = name
    layers = blocks.enumerated().map { place, blocks in
      Layer(
        name: "layer\(place + 1)", blocks: blocks, width: 64 << place, stride: place == 0 ? 1 : 2,
        group: place < 2 ? 0 : 1)
    }
  }

  /// The architecture that torchvision calls so; nil if it is none of these.
  public init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }

  /// The smallest image side the network's five halvings leave something of.
  public static let smallestImage = 32
  /// What batch normalization adds to the variance, as `torch.nn.BatchNorm2d` does by default.
  public static let epsilon = 1e-5
  /// The layer group of the head. Before it come fastai's two of every ResNet's body: 0 is the stem, layer1 and layer2,
  /// 1 layer3 and layer4.
  public static let headGroup = 2
  static let stemWidth = 64
  /// Values of the head's hidden layer.
  static let hidden = 512

  /// Channels that leave the body.
  var features: Int { 4 * (layers.last?.width ?? 0) }
}

extension Architecture: CustomStringConvertible {
  public var description: String { rawValue }
}
