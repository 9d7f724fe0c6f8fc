/// What shows without opening an image.
extension Finding {
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

  /// About the rows and the folder's listing. Folders, hidden files and files of another suffix are no images.
  static func inListing(_ rows: [Labels.Row], _ listing: Set<String>, suffix: String) -> [Finding] {
    let expected = Set(rows.map { $0.name + suffix })
    let missing = rows.filter { !listing.contains($0.name + suffix) }.map { Finding(.missingImage, $0.name + suffix) }
    let extra = listing.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") && !expected.contains($0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { Finding(.unlabelledImage, $0) }
    return missing + extra
  }
}
