import Files

/// Labelled images, split in two: what to train on and what to validate with.
public struct Dataset: Sendable {
  /// Where its files are.
  public let location: DataLocation
  /// Names of the labels; a label's index here is its column in targets and logits.
  public let labels: [String]
  /// In the label file's order.
  public let images: [Sample]
  /// Indices into ``images``.
  public let train: [Int]
  /// Indices into ``images``, in the order drawn.
  public let valid: [Int]
  /// What the user should know, and may ignore.
  public let warnings: [String]
  /// A hash of labels, image names, targets and split: ranks whose values agree see the same dataset.
  public let fingerprint: UInt64

  /// The images' names, in their order.
  public var names: [String] { images.map(\.name) }

  /// Reads the label file and looks every image up in one listing of the folder; no image is opened.
  ///
  /// - Parameters:
  ///   - location: where the files are.
  ///   - validPct: the fraction to validate on.
  ///   - splitSeed: seed of the split.
  ///   - labels: the labels a checkpoint was trained on. By default all tags of the training part, sorted by code
  ///     point, as fastai has them. Other tags are left out, with a warning; if that leaves none, it is an error.
  public init(
    _ location: DataLocation, validPct: Double = Split.validPct, splitSeed: UInt32 = Split.seed, labels: [String]? = nil
  ) throws(DatasetError) {
    let rows = try Labels(path: location.labels, suffix: location.suffix, delim: location.labelDelim).rows
    guard validPct >= 0 && validPct < 1 else { throw .emptySplit(count: rows.count, validPct: validPct) }
    let split = Split(count: rows.count, validPct: validPct, seed: splitSeed)
    let folder = try ImageFolder(location.images, suffix: location.suffix)
    let files = try Self.files(rows, in: folder)

    let known =
      labels ?? Set(split.train.flatMap { rows[$0].tags }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let index = Dictionary(zip(known, known.indices), uniquingKeysWith: { first, _ in first })
    (self.location, self.labels) = (location, known)
    images = zip(rows, files).map { row, file in
      Sample(
        name: row.name, path: FilePath.join(location.images, file),
        targets: Set(row.tags.compactMap { index[$0] }).sorted(), isStrict: location.isStrict)
    }
    if labels != nil, images.allSatisfy(\.targets.isEmpty) {
      throw .noKnownTag(path: location.labels, tags: Set(rows.flatMap(\.tags)).sorted(), labels: known)
    }
    (train, valid) = (split.train, split.valid)
    // With a trained model's labels nothing is trained, so what would be odd for training is not reported.
    warnings =
      labels == nil
      ? Finding.summaries(Finding.inRows(rows, split) + Finding.inListing(rows, folder))
      : Self.leftOut(rows, known: Set(known))
    fingerprint = Self.fingerprint(known, images, split)
  }

  /// The file of each row.
  private static func files(_ rows: [Labels.Row], in folder: ImageFolder) throws(DatasetError) -> [String] {
    if let problem = folder.problems.first { throw problem }
    let missing = rows.map(\.name).filter { folder.file($0) == nil }
    guard missing.isEmpty else {
      let first = folder.missing(Array(missing.prefix(3))).map { $0.hint.isEmpty ? $0.file : "\($0.file): \($0.hint)" }
      throw .missingImages(folder: folder.path, count: missing.count, total: rows.count, first: first)
    }
    return rows.compactMap { folder.file($0.name) }
  }

  private static func leftOut(_ rows: [Labels.Row], known: Set<String>) -> [String] {
    var counts: [String: Int] = [:]
    for row in rows { for tag in Set(row.tags) where !known.contains(tag) { counts[tag, default: 0] += 1 } }
    guard !counts.isEmpty else { return [] }
    let list = counts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
    return ["tags left out, because the model does not know them: \(list)"]
  }

  private static func fingerprint(_ labels: [String], _ images: [Sample], _ split: Split) -> UInt64 {
    var hash = Fingerprint()
    hash.add(labels.count)
    for label in labels { hash.add(label) }
    hash.add(images.count)
    for image in images {
      hash.add(image.name)
      hash.add(image.targets.count)
      for target in image.targets { hash.add(target) }
    }
    for part in [split.train, split.valid] {
      hash.add(part.count)
      for index in part { hash.add(index) }
    }
    return hash.value
  }
}
