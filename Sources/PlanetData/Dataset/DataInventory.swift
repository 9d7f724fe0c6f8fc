import Files

/// Labelled images as their owner left them: everything that can be said before an image is opened, and which to open.
/// Unlike ``Dataset`` it takes what it finds.
public struct DataInventory: Sendable {
  public let location: DataLocation
  /// Files to open: those that the label file names and the folder has, in the label file's order.
  public let images: [String]
  /// How many rows of the label file can be used.
  public let rows: Int
  /// How many of them to train on, and to validate with.
  public let train: Int
  public let valid: Int
  public let labels: [LabelCount]
  /// What shows so far.
  public let findings: [Finding]
  /// What their rows say of ``images``.
  private let uses: [ImageUse]

  /// - Parameter advice: what to do about an error; nil for nothing.
  /// - Throws: if the label file or the folder of images cannot be read at all.
  public init(
    _ location: DataLocation, validPct: Double, splitSeed: UInt32,
    advice: (any Error) -> String? = { _ in nil }
  ) throws(DatasetError) {
    var wrong: [Finding] = []
    let rows = try Labels(path: location.labels, suffix: location.suffix, delim: location.labelDelim) { problem in
      if let finding = Finding(ofLine: problem, advice: advice(problem)) { wrong.append(finding) }
    }.rows
    let folder = try ImageFolder(location.images, suffix: location.suffix)
    let split = Split(count: rows.count, validPct: validPct, seed: splitSeed)
    let present = rows.indices.filter { folder.file(rows[$0].name) != nil }
    self.location = location
    images = present.compactMap { folder.file(rows[$0].name) }
    (self.rows, train, valid) = (rows.count, split.train.count, split.valid.count)
    labels = LabelCount.table(rows, split)
    // A label file without a usable row is the one thing to say: the rest would follow from it.
    findings = rows.isEmpty ? wrong : wrong + Finding.inListing(rows, folder) + Finding.inRows(rows, split)
    let validates = Set(split.valid)
    uses = present.map { ImageUse(tags: Set(rows[$0].tags), validates: validates.contains($0)) }
  }

  /// What shows when the images have been opened.
  ///
  /// - Parameter facts: about ``images``, in their order.
  public func findings(_ facts: [ImageFacts]) -> [Finding] {
    findings + Finding.inImages(images, facts, strict: location.isStrict, uses: uses)
  }
}
