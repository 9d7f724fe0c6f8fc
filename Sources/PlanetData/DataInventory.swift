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
  private let describe: @Sendable (Int, Int) -> String

  /// - Throws: if the label file or the folder of images cannot be read at all.
  public init(_ location: DataLocation, validPct: Double = 0.2, splitSeed: UInt32 = 42) throws(DatasetError) {
    var wrong: [Finding] = []
    let rows = try Labels(path: location.labels, suffix: location.suffix) { problem in
      wrong.append(Finding(.malformedRow, "line \(problem.line)", problem.reason))
    }.rows
    let listing = Set(try ImageFolder.names(location.images))
    let split = Split(count: rows.count, validPct: validPct, seed: splitSeed)
    let present = rows.indices.filter { listing.contains(rows[$0].name + location.suffix) }
    self.location = location
    images = present.map { rows[$0].name + location.suffix }
    (self.rows, train, valid) = (rows.count, split.train.count, split.valid.count)
    labels = LabelCount.table(rows, split)
    findings =
      wrong + Finding.inListing(rows, listing, suffix: location.suffix) + Finding.inRows(rows, split)
    let validates = Set(split.valid)
    describe = { one, other in
      let (one, other) = (present[one], present[other])
      return (Set(rows[one].tags) == Set(rows[other].tags) ? "" : ", with other tags")
        + (validates.contains(one) == validates.contains(other) ? "" : ", and only one of them validates")
    }
  }

  /// What shows when the images have been opened.
  ///
  /// - Parameter facts: about ``images``, in their order.
  public func findings(_ facts: [ImageFacts]) -> [Finding] {
    findings + Finding.inImages(images, facts, describe: describe)
  }
}
