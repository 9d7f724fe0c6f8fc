/// One image of a dataset.
public struct Sample: Sendable, Equatable {
  /// Without suffix: as the label file has it, or, where there is none, the disk.
  public let name: String
  public let path: String
  /// The labels it has, as ascending indices into the dataset's labels.
  public let targets: [Int]
  /// Whether it is refused if it is damaged, though it can be decoded.
  public let isStrict: Bool

  public init(name: String, path: String, targets: [Int] = [], isStrict: Bool = false) {
    (self.name, self.path, self.targets, self.isStrict) = (name, path, targets, isStrict)
  }

  /// Its picture.
  func decode() throws(ImageError) -> Image { try Image.decode(path, strict: isStrict) }
}
