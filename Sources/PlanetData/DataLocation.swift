import Files
import Foundation

/// Where a dataset's files are: `--data` with what `--labels`, `--images` and `--suffix` override.
public struct DataLocation: Codable, Equatable, Sendable {
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
    func find(_ given: String?, _ names: [String], option: String) throws(DatasetError) -> String {
      if let given { return given }
      for name in names {
        let path = data + "/" + name
        if FileManager.default.fileExists(atPath: path) { return path }
      }
      throw .notFound(folder: data, names: names, option: option)
    }
    self.labels = try find(labels, ["train_v2.csv", "labels.csv"], option: "--labels")
    self.images = try find(images, ["train-jpg", "train"], option: "--images")
    self.suffix = suffix
  }

  /// The same place as seen from any working folder.
  public var absolute: DataLocation {
    DataLocation(labels: FilePath.absolute(labels), images: FilePath.absolute(images), suffix: suffix)
  }

  private init(labels: String, images: String, suffix: String) {
    (self.labels, self.images, self.suffix) = (labels, images, suffix)
  }
}
