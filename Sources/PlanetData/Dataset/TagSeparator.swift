import Files

/// What stands between the tags of an image: a space, in files that follow Planet's. In others it is a comma or so, and
/// then `clear,` and `clear` would be two labels.
enum TagSeparator {
  /// The tags of a field, without blanks around them.
  static func split(_ field: String, at separator: String) -> [String] {
    let blank = UInt8(ascii: " ")
    return field.utf8.split(separator: Array(separator.utf8)).compactMap { part in
      guard let first = part.firstIndex(where: { $0 != blank }), let last = part.lastIndex(where: { $0 != blank })
      else {
        return nil
      }
      return String(decoding: part[first...last], as: UTF8.self)
    }
  }

  /// Why the tags of a file are not separated by spaces; nil if they are.
  ///
  /// One tag may well hold a comma, so a mark counts as a separator only if most rows have it, or if what it separates is
  /// a tag elsewhere too.
  static func problem(in records: [LabelColumns.Record], of path: String) -> DatasetError? {
    let tagged = records.filter { record in record.tags.utf8.contains { $0 != UInt8(ascii: " ") } }
    let odd = tagged.filter { record in record.tags.utf8.contains { $0 < 0x20 || $0 > 0x7E || suspects.contains($0) } }
    func problem(_ found: [LabelColumns.Record], _ cause: String, mark: String?, remedy: String = "") -> DatasetError {
      let example = String(
        found[0].tags.unicodeScalars.prefix(80).map { $0.value < 32 ? $0.escaped(asASCII: true) : String($0) }.joined())
      return .otherSeparator(
        path: path, line: found[0].line,
        reason: "\(cause): \"\(example)\" (\(found.count) of \(tagged.count) rows). Tags are separated by spaces"
          + remedy, mark: mark)
    }

    let lists = odd.filter { isList($0.tags) }
    if lists.count * 2 > tagged.count {
      return problem(
        lists, "tags are written as a list", mark: nil,
        remedy: ": write them without brackets, quotation marks and commas")
    }
    for (isBlank, name, mark) in blanks {
      let found = odd.filter { $0.tags.unicodeScalars.contains(where: isBlank) }
      if !found.isEmpty { return problem(found, "tags hold \(name)", mark: mark, remedy: ": replace these") }
    }
    for (mark, name) in marks {
      let found = odd.filter { $0.tags.utf8.firstRange(of: mark.utf8) != nil }
      if found.count * 2 > tagged.count || !found.isEmpty && separates(mark, tagged) {
        return problem(found, "tags hold \(name)", mark: mark)
      }
    }
    return nil
  }

  /// Marks worth a closer look: a row with none of these, and only printable ASCII, needs none.
  private static let suspects = Set(",;|[({".utf8)

  private static let marks = [
    (",", "commas"), (";", "semicolons"), ("|", "bars"), ("，", "full-width commas"), ("、", "ideographic commas"),
    ("；", "full-width semicolons"),
  ]

  private static let blanks: [(isBlank: @Sendable (Unicode.Scalar) -> Bool, name: String, mark: String?)] = [
    ({ $0 == "\t" }, "tabs", "\t"),
    ({ $0 == "\u{A0}" }, "non-breaking spaces (U+00A0)", "\u{A0}"),
    ({ $0 != " " && ($0.properties.isWhitespace || $0.value < 32) }, "line ends or other blanks", nil),
    ({ $0 == "\u{200B}" || $0 == "\u{FEFF}" }, "invisible characters (U+200B or U+FEFF)", nil),
  ]

  private static func isList(_ field: String) -> Bool {
    let text = field.utf8.filter { $0 != UInt8(ascii: " ") }
    return ["[]", "()", "{}"].contains { text.count > 1 && text.first == $0.utf8.first && text.last == $0.utf8.last }
  }

  /// Whether the mark stands alone, or a part it cuts off is a part of another tag too.
  private static func separates(_ mark: String, _ records: [LabelColumns.Record]) -> Bool {
    let tags = Set(records.flatMap { split($0.tags, at: " ") })
    var seen: Set<String> = []
    for tag in tags {
      let parts = Set(split(tag, at: mark))
      if parts.isEmpty || !seen.isDisjoint(with: parts) { return true }
      seen.formUnion(parts)
    }
    return false
  }
}
