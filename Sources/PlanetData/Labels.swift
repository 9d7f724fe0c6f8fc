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

  /// Reads a CSV file whose header names `image_name` and `tags`, in any order, maybe among others.
  ///
  /// - Parameters:
  ///   - path: the file, of at most 1 GiB.
  ///   - suffix: taken off image names that have it.
  public init(path: String, suffix: String = ".jpg") throws(DatasetError) {
    try self.init(path: path, suffix: suffix) { problem throws(DatasetError) in
      throw .malformed(path: path, line: problem.line, reason: problem.reason)
    }
  }

  /// Reads what can be read.
  ///
  /// - Parameter report: given each line's problem; unless it throws, that row is left out.
  init(path: String, suffix: String, report: (CSV.Problem) throws(DatasetError) -> Void) throws(DatasetError) {
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, limit: 1 << 30) } catch { throw .unreadable(path: path, reason: error.reason) }
    let records = try CSV.records(bytes, report: report)
    let header: Header
    do { header = try Header(records.first) } catch {
      try report(error)
      rows = []
      return
    }
    var rows: [Row] = []
    var lines: [String: Int] = [:]
    for record in records.dropFirst() {
      do throws(CSV.Problem) {
        let row = try header.row(record, suffix: suffix)
        if let line = lines[row.name] {
          throw CSV.Problem(line: record.line, reason: "\(row.name) was on line \(line) already")
        }
        lines[row.name] = record.line
        rows.append(row)
      } catch {
        try report(error)
      }
    }
    if records.count == 1 { try report(CSV.Problem(line: records[0].line, reason: "no row follows the header")) }
    self.rows = rows
  }

  /// Which columns matter.
  private struct Header {
    let columns: Int
    let name: Int
    let tags: Int

    init(_ record: CSV.Record?) throws(CSV.Problem) {
      guard let record else { throw CSV.Problem(line: 1, reason: "the file is empty") }
      guard let name = record.fields.firstIndex(of: "image_name"), let tags = record.fields.firstIndex(of: "tags")
      else { throw CSV.Problem(line: record.line, reason: "the header is not image_name,tags") }
      (columns, self.name, self.tags) = (record.fields.count, name, tags)
    }

    func row(_ record: CSV.Record, suffix: String) throws(CSV.Problem) -> Row {
      guard record.fields.count == columns else {
        throw CSV.Problem(
          line: record.line, reason: "the row has \(record.fields.count) columns and the header \(columns)")
      }
      var name = record.fields[self.name]
      if name.hasSuffix(suffix) { name = String(decoding: name.utf8.dropLast(suffix.utf8.count), as: UTF8.self) }
      guard !name.isEmpty else { throw CSV.Problem(line: record.line, reason: "the image has no name") }
      return Row(name: name, tags: record.fields[tags].split(separator: " ").map(String.init))
    }
  }
}
