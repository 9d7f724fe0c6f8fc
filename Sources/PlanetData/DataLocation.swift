import Foundation

/// Where a dataset's files are: `--data` with what `--labels`, `--images` and `--suffix` override.
public struct DataLocation: Sendable {
  /// The label file.
  public let labels: String
  /// The folder of images.
  public let images: String
  /// What image names lack to be file names.
  public let suffix: String

  /// Looks in `data` for `train_v2.csv` or `labels.csv`, and for `train-jpg/` or `train/`, unless told where they are.
  public init(
    data: String, labels: String? = nil, images: String? = nil, suffix: String = ".jpg"
  ) throws(DatasetError) {
    func find(_ names: [String], option: String) throws(DatasetError) -> String {
      for name in names {
        let path = data + "/" + name
        if FileManager.default.fileExists(atPath: path) { return path }
      }
      throw .notFound(folder: data, names: names, option: option)
    }
    if let labels { self.labels = labels } else {
      self.labels = try find(["train_v2.csv", "labels.csv"], option: "--labels")
    }
    if let images { self.images = images } else { self.images = try find(["train-jpg", "train"], option: "--images") }
    self.suffix = suffix
  }
}
