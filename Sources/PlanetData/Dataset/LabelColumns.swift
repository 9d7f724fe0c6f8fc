import Files

/// The two columns of a label file that matter, as they stand there.
struct LabelColumns {
  struct Record {
    let line: Int
    let name: String
    let tags: String
  }

  private let count: Int
  private let name: Int
  private let tags: Int

  /// Reads them.
  ///
  /// - Parameter report: given each line's problem; unless it throws, that row is left out.
  static func records(
    _ path: String, report: (CSV.Problem) throws(DatasetError) -> Void
  ) throws(DatasetError) -> [Record] {
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, limit: 1 << 30) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
    if let reason = notCSV(bytes) {
      try report(CSV.Problem(line: 1, reason: reason))
      return []
    }
    let records = try CSV.records(bytes, report: report)
    let columns: LabelColumns
    do { columns = try LabelColumns(records.first) } catch {
      try report(error)
      return []
    }
    var found: [Record] = []
    for record in records.dropFirst() {
      do { found.append(try columns.of(record)) } catch { try report(error) }
    }
    if records.count == 1 { try report(CSV.Problem(line: records[0].line, reason: "no row follows the header")) }
    return found
  }

  /// What a whole file is instead of CSV, if its first line is no header.
  private static func notCSV(_ bytes: [UInt8]) -> String? {
    let saveAs = "Save it as \"CSV UTF-8\""
    guard bytes.prefix(4096).firstRange(of: "image_name".utf8) != nil else {
      let isUTF16 = bytes.count > 1 && bytes.prefix(2).contains(0)
      let kind = isUTF16 ? "UTF-16 text" : FileKind.describe(bytes.prefix(FileKind.beginningSize))
      guard let kind, !bytes.isEmpty else { return nil }
      return "the file is not CSV (it is \(kind)). \(saveAs)"
    }
    let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
    return bytes.contains(cr) && !bytes.contains(lf)
      ? "its lines end with a carriage return (CR) alone, as on old Macs. \(saveAs), with lines that end with LF or CRLF"
      : nil
  }

  private init(_ record: CSV.Record?) throws(CSV.Problem) {
    guard let record else { throw CSV.Problem(line: 1, reason: "the file is empty") }
    let header = record.fields
    func problem(_ reason: String) -> CSV.Problem { CSV.Problem(line: record.line, reason: reason) }
    if let name = header.firstIndex(of: "image_name"), let tags = header.firstIndex(of: "tags") {
      (count, self.name, self.tags) = (header.count, name, tags)
      return
    }
    if header.count == 1 {
      for (separator, meaning) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")]
      where header[0].utf8.contains(separator.utf8.first ?? 0) {
        throw problem("fields are separated by \(meaning). Save the file as \"CSV UTF-8\", with commas between fields")
      }
    }
    let shown = "the header is not image_name,tags but \(header.joined(separator: ",").prefix(200))"
    guard header.count > 2 else { throw problem(shown) }
    throw problem(
      shown
        + ". If each label has a column of 0 and 1 (one-hot), join them: a column tags with the names of the labels "
        + "that are 1, separated by spaces")
  }

  private func of(_ record: CSV.Record) throws(CSV.Problem) -> Record {
    guard record.fields.count == count else {
      let (found, comma) = (record.fields.count, "; a field that holds commas must be in quotation marks")
      throw CSV.Problem(
        line: record.line, reason: "the row has \(found) columns and the header \(count)" + (found > count ? comma : "")
      )
    }
    return Record(line: record.line, name: record.fields[name], tags: record.fields[tags])
  }
}
