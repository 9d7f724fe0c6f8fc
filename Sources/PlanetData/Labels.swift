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
    let bytes: [UInt8]
    do { bytes = try readFile(path, limit: 1 << 30) } catch { throw .unreadable(path: path, reason: error.reason) }
    do {
      rows = try Self.rows(CSV.records(bytes), suffix: suffix)
    } catch {
      throw .malformed(path: path, line: error.line, reason: error.reason)
    }
  }

  private static func rows(_ records: [CSV.Record], suffix: String) throws(CSV.Problem) -> [Row] {
    guard let header = records.first else { throw CSV.Problem(line: 1, reason: "the file is empty") }
    guard let nameColumn = header.fields.firstIndex(of: "image_name"),
      let tagsColumn = header.fields.firstIndex(of: "tags")
    else {
      throw CSV.Problem(line: header.line, reason: "the header is not image_name,tags")
    }
    var rows: [Row] = []
    var lines: [String: Int] = [:]
    for record in records.dropFirst() {
      func problem(_ reason: String) -> CSV.Problem { CSV.Problem(line: record.line, reason: reason) }
      guard record.fields.count == header.fields.count else {
        throw problem("the row has \(record.fields.count) columns and the header \(header.fields.count)")
      }
      var name = record.fields[nameColumn]
      if name.hasSuffix(suffix) { name = String(decoding: name.utf8.dropLast(suffix.utf8.count), as: UTF8.self) }
      guard !name.isEmpty else { throw problem("the image has no name") }
      if let line = lines.updateValue(record.line, forKey: name) {
        throw problem("\(name) was on line \(line) already")
      }
      rows.append(Row(name: name, tags: record.fields[tagsColumn].split(separator: " ").map(String.init)))
    }
    guard !rows.isEmpty else { throw CSV.Problem(line: header.line, reason: "no row follows the header") }
    return rows
  }
}
