import Files

/// A file such as Kaggle's `sample_submission.csv`: `image_name,tags`, of which only the names and their order count.
public enum SampleSubmission {
  public struct Row: Equatable, Sendable {
    /// As the file has it.
    public let name: String
    /// Which image of the list it is.
    public let place: Int

    public init(name: String, place: Int) { (self.name, self.place) = (name, place) }
  }

  /// The file's rows.
  ///
  /// - Throws: ``DatasetError/otherImages(path:missing:extra:)`` unless the file has exactly one row for each image.
  public static func rows(_ path: String, of samples: [Sample]) throws(DatasetError) -> [Row] {
    func fail(_ problem: CSV.Problem) throws(DatasetError) {
      throw .malformed(path: path, line: problem.line, reason: problem.reason)
    }
    let places = Dictionary(zip(samples.map(\.name), samples.indices), uniquingKeysWith: { first, _ in first })
    var rows: [Row] = []
    var lines: [Int: Int] = [:]
    var missing: [String] = []
    for record in try LabelColumns.records(path, report: fail) {
      guard let place = places[ImageFolder.stem(ofName: record.name, nil)] else {
        missing.append(record.name)
        continue
      }
      if let line = lines[place] {
        try fail(CSV.Problem(line: record.line, reason: "\(record.name) was on line \(line) already"))
      }
      lines[place] = record.line
      rows.append(Row(name: record.name, place: place))
    }
    guard missing.isEmpty, rows.count == samples.count else {
      let extra = samples.indices.filter { lines[$0] == nil }.map { samples[$0].name }
      throw .otherImages(path: path, missing: missing, extra: extra)
    }
    return rows
  }
}
