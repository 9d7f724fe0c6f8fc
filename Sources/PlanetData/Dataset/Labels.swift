import Files

/// A label file: which tags each image has.
///
///     image_name,tags
///     train_0,haze primary
///     train_1,agriculture clear primary water
public struct Labels: Sendable {
  /// One image's row.
  public struct Row: Sendable, Equatable {
    /// The image's name without the suffix.
    public let name: String
    /// Its tags as the file lists them; a repeated tag means nothing more (73 rows of Planet's file repeat one).
    public let tags: [String]
  }

  /// In the file's order, which the split depends on.
  public let rows: [Row]

  /// Reads a CSV file, of at most 1 GiB, whose header names `image_name` and `tags`, in any order, maybe among others.
  ///
  /// - Parameters:
  ///   - suffix: taken off image names that have it; nil for `.jpg` and `.jpeg`, in any case.
  ///   - delim: what separates tags; nil for the space, if the file looks as if it did.
  public init(path: String, suffix: String? = nil, delim: String? = nil) throws(DatasetError) {
    try self.init(path: path, suffix: suffix, delim: delim) { (problem) throws(DatasetError) in throw problem }
  }

  /// Reads what can be read.
  ///
  /// - Parameter report: given what is wrong with a line; unless it throws, that row is left out.
  init(
    path: String, suffix: String?, delim: String?, report: (DatasetError) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    func complain(_ problem: CSV.Problem) throws(DatasetError) {
      try report(.malformed(path: path, line: problem.line, reason: problem.reason))
    }
    let records = try LabelColumns.records(path, report: complain)
    var rows: [Row] = []
    var lines: [String: Int] = [:]
    for record in records {
      let name = ImageFolder.stem(ofName: record.name, suffix)
      if name.isEmpty {
        try complain(CSV.Problem(line: record.line, reason: "the image has no name"))
      } else if let line = lines[name] {
        try complain(CSV.Problem(line: record.line, reason: "\(name) was on line \(line) already"))
      } else {
        lines[name] = record.line
        rows.append(Row(name: name, tags: TagSeparator.split(record.tags, at: delim ?? " ")))
      }
    }
    if delim == nil, let problem = TagSeparator.problem(in: records, of: path) { try report(problem) }
    self.rows = rows
  }
}
