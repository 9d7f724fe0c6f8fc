/// Layers whose gradients are used together: summed over ranks, and the weights updated by them.
///
/// Backward finishes the gradients of one layer after the other, from the head to the stem. The gradients of all buckets lie
/// in the same memory, so a bucket's have to be used before backward goes on: then they are still in the cache, and all of
/// a network's take no more room than the largest layer's.
public struct GradientBucket: Sendable {
  /// Adjacent parameters of one layer group.
  public struct Piece: Equatable, Sendable {
    public let group: Int
    /// Where they lie among all parameters.
    public var values: Range<Int>
    /// Where their gradients begin in the memory for gradients.
    public var gradients: Int

    public init(group: Int, values: Range<Int>, gradients: Int) {
      (self.group, self.values, self.gradients) = (group, values, gradients)
    }

    /// A part of it, counted from its first parameter.
    public func part(_ range: Range<Int>) -> Piece {
      Piece(
        group: group, values: values.lowerBound + range.lowerBound..<values.lowerBound + range.upperBound,
        gradients: gradients + range.lowerBound)
    }
  }

  /// How many layers backward has done, counted from the head, when this bucket is complete.
  public let layersDone: Int
  /// In the order of the parameters.
  let parameters: [Parameter]
  var count: Int { parameters.reduce(0) { $0 + $1.range.count } }

  /// What trains of it.
  public func pieces(frozen: Bool) -> [Piece] {
    var (pieces, offset): ([Piece], Int) = ([], 0)
    for parameter in parameters {
      defer { offset += parameter.range.count }
      if frozen && !parameter.trainsFrozen { continue }
      let next = Piece(group: parameter.group, values: parameter.range, gradients: offset)
      if let last = pieces.last, last.group == next.group, last.values.upperBound == next.values.lowerBound,
        last.gradients + last.values.count == next.gradients
      {
        pieces[pieces.count - 1].values = last.values.lowerBound..<next.values.upperBound
      } else {
        pieces.append(next)
      }
    }
    return pieces
  }

  /// Cuts a network's layers into buckets, as many layers in each as have room.
  ///
  /// - Parameters:
  ///   - trainable: in forward order.
  ///   - room: how many floats a bucket may hold, if it is not a single layer; nil for as many as the largest layer has.
  static func cut(_ trainable: [Parameter], room: Int?) -> [GradientBucket] {
    let layers = backwardLayers(trainable)
    let count = { (layer: [Parameter]) in layer.reduce(0) { $0 + $1.range.count } }
    let room = room ?? layers.map(count).max() ?? 0
    var (buckets, filling): ([GradientBucket], [Parameter]) = ([], [])
    for (done, layer) in layers.enumerated() {
      if !filling.isEmpty, count(filling + layer) > room {
        buckets.append(GradientBucket(layersDone: done, parameters: filling))
        filling = []
      }
      filling = (layer + filling).sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
    return buckets + [GradientBucket(layersDone: layers.count, parameters: filling)]
  }

  /// The layers as backward runs through them: the head, which is one of them; each block's convolutions with their
  /// normalizations, from the last to the first, but the shortcut's just before the first; the stem.
  private static func backwardLayers(_ trainable: [Parameter]) -> [[Parameter]] {
    var layers: [[Parameter]] = []
    for parameter in trainable {
      let begins = parameter.kind == .convolution || parameter.name == "head.2.weight"
      if begins { layers.append([parameter]) } else { layers[layers.count - 1].append(parameter) }
    }
    let isShortcut = { (layer: [Parameter]) in layer[0].name.contains("downsample") }
    // In forward order a shortcut's follow the block's three others.
    for i in layers.indices where isShortcut(layers[i]) {
      let shortcut = layers.remove(at: i)
      layers.insert(shortcut, at: i - 2)
    }
    return layers.reversed()
  }
}
