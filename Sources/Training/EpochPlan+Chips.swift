public import PlanetData

/// A chip as the network sees it.
public struct Chip: Sendable {
  public let image: Image
  /// Names of its labels, joined by ";" as by fastai's `show_batch`.
  public let labels: String
}

extension EpochPlan {
  /// The first `count` chips of the epoch, of one batch at most.
  ///
  /// - Parameter batchSize: images of a global batch, among which partners are.
  public func chips(_ count: Int, of dataset: Dataset, size: Int, batchSize: Int) throws -> [Chip] {
    let batch = Array(order.indices.prefix(batchSize))
    let indices = Array(batch.prefix(count))
    let load = BatchLoad(indices, partners: partners.map { Array($0(batch, 0).prefix(count)) } ?? [])
    let loader = BatchLoader(
      [load], of: dataset.images, labels: dataset.labels.count, size: size, augmentation: augmentation)
    guard let images = try loader.next() else { return [] }
    return indices.indices.map { position in
      let targets = dataset.images[indices[position]].targets
      return Chip(
        image: images.image(at: position), labels: targets.map { dataset.labels[$0] }.joined(separator: ";"))
    }
  }
}
