public import PlanetData

/// A chip as the network sees it.
public struct Chip: Sendable {
  public let image: Image
  /// Names of its labels, joined by ";" as by fastai's `show_batch`.
  public let labels: String
}

extension EpochPlan {
  /// The first `count` chips of the epoch.
  ///
  /// - Parameter batchSize: images of a global batch, among which partners are.
  public func chips(_ count: Int, of dataset: Dataset, size: Int, batchSize: Int) throws -> [Chip] {
    let loads = stride(from: 0, to: min(count, order.indices.count), by: batchSize).map { first in
      let batch = Array(order.indices.dropFirst(first).prefix(batchSize))
      let shown = min(count - first, batch.count)
      return BatchLoad(
        Array(batch.prefix(shown)), partners: Array(partners(of: batch, step: first / batchSize).prefix(shown)))
    }
    let loader = BatchLoader(
      loads, of: dataset.images, labels: dataset.labels.count, size: size, augmentation: augmentation(of:))
    var chips: [Chip] = []
    while let batch = try loader.next() {
      chips += batch.indices.enumerated().map { position, index in
        let labels = dataset.images[index].targets.map { dataset.labels[$0] }
        return Chip(image: batch.image(at: position), labels: labels.joined(separator: ";"))
      }
    }
    return chips
  }
}
