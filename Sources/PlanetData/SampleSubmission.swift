/// A file such as Kaggle's `sample_submission.csv`: `image_name,tags`, of which only the names and their order count.
public enum SampleSubmission {
  /// The images in the file's order: for each row the place of its image in `samples`.
  ///
  /// - Throws: ``DatasetError/otherImages(path:missing:extra:)`` unless the file has exactly one row for each image.
  public static func order(_ path: String, of samples: [Sample]) throws(DatasetError) -> [Int] {
    let names = try Labels(path: path).rows.map(\.name)
    let places = Dictionary(zip(samples.map(\.name), samples.indices), uniquingKeysWith: { first, _ in first })
    let order = names.compactMap { places[$0] }
    guard order.count == names.count, order.count == samples.count else {
      let rows = Set(names)
      throw .otherImages(
        path: path, missing: names.filter { places[$0] == nil },
        extra: samples.map(\.name).filter { !rows.contains($0) })
    }
    return order
  }
}
