/// What shows without opening an image.
extension Finding {
  /// About a line that says no row; nil for errors of other things.
  ///
  /// - Parameter advice: what to do about it.
  init?(ofLine error: DatasetError, advice: String?) {
    switch error {
    case .malformed(_, let line, let reason), .otherSeparator(_, let line, let reason, _):
      self.init(.malformedRow, "line \(line)", reason + (advice.map { ". " + $0 } ?? ""))
    default: return nil
    }
  }

  /// About the rows by themselves.
  static func inRows(_ rows: [Labels.Row], _ split: Split) -> [Finding] {
    let labels = LabelCount.table(rows, split).compactMap { count in
      if count.train == 0 { return Finding(.unknownTag, count.label, "\(count.valid)") }
      if count.valid == 0 && !split.valid.isEmpty { return Finding(.unvalidatedLabel, count.label, "\(count.train)") }
      return count.train < rare ? Finding(.rareLabel, count.label, "\(count.train)") : nil
    }
    let ofRows = rows.compactMap { row in
      if row.tags.isEmpty { return Finding(.untaggedRow, row.name) }
      var seen: Set<String> = []
      let repeated = row.tags.filter { !seen.insert($0).inserted }
      return repeated.isEmpty ? nil : Finding(.repeatedTag, row.name, repeated.joined(separator: " "))
    }
    return labels + ofRows
  }

  /// About the rows and the folder's listing.
  static func inListing(_ rows: [Labels.Row], _ folder: ImageFolder) -> [Finding] {
    let bad = folder.problems.map { Finding(.unusableName, "\($0)") }
    let missing = folder.missing(rows.map(\.name).filter { folder.file($0) == nil })
    let expected = Set(rows.compactMap { folder.file($0.name) })
    let extra = folder.files.filter { !expected.contains($0) }
    return bad + missing.map { Finding(.missingImage, $0.file, $0.hint) } + extra.map { Finding(.unlabelledImage, $0) }
  }
}
