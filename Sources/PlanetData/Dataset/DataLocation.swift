import Files
import Glibc

/// Where a dataset's files are, and how they are to be read.
public struct DataLocation: Codable, Equatable, Sendable {
  /// The label file.
  public private(set) var labels: String
  /// The folder of images.
  public private(set) var images: String
  /// How image files end, in exactly these letters; nil for `.jpg` and `.jpeg`, in any case.
  public let suffix: String?
  /// What separates tags; nil for the space, in a file that looks as if it did.
  public let labelDelim: String?
  /// Whether an image that is damaged is refused, though it can be decoded.
  public let isStrict: Bool

  /// Looks in `data` for `train_v2.csv` or `labels.csv`, and for `train-jpg/` or `train/`, unless told where they are.
  public init(
    data: String?, labels: String? = nil, images: String? = nil, suffix: String? = nil, labelDelim: String? = nil,
    isStrict: Bool = false
  ) throws(DatasetError) {
    let folder = data ?? "."
    func find(_ given: String?, _ names: [String], orThrow error: DatasetError) throws(DatasetError) -> String {
      if let given { return given }
      for name in names {
        let path = FilePath.join(folder, name)
        if unsafe access(path, F_OK) == 0 { return path }
      }
      _ = try ImageFolder.listing(folder)
      throw error
    }
    let (tables, folders) = (["train_v2.csv", "labels.csv"], ["train-jpg", "train"])
    self.labels = try find(labels, tables, orThrow: .noLabelFile(folder: folder, names: tables))
    self.images = try find(images, folders, orThrow: .noImageFolder(folder: folder, names: folders))
    (self.suffix, self.labelDelim, self.isStrict) = (suffix, labelDelim, isStrict)
  }

  /// The same place as seen from any working folder.
  public var absolute: DataLocation {
    var place = self
    (place.labels, place.images) = (FilePath.absolute(labels), FilePath.absolute(images))
    return place
  }
}

extension DataLocation {
  private enum CodingKeys: String, CodingKey {
    case labels, images, suffix
    case labelDelim = "label_delim"
    case isStrict = "strict"
  }

  /// What a file does not say is as it is without options.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    labels = try values.decode(String.self, forKey: .labels)
    images = try values.decode(String.self, forKey: .images)
    suffix = try values.decodeIfPresent(String.self, forKey: .suffix)
    labelDelim = try values.decodeIfPresent(String.self, forKey: .labelDelim)
    isStrict = try values.decodeIfPresent(Bool.self, forKey: .isStrict) ?? false
  }
}
