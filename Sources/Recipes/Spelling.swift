/// Words that people mistype.
public enum Spelling {
  /// The word most like `word`, or one that it begins; nil where none is near enough to have been meant.
  public static func nearest(to word: String, among words: [String]) -> String? {
    let near = words.map { (word: $0, distance: distance(word.utf8, $0.utf8)) }.min { $0.distance < $1.distance }
    if let near, near.distance <= 1 + word.utf8.count / 3 { return near.word }
    return words.first { word.utf8.count > 2 && $0.utf8.starts(with: word.utf8) }
  }

  /// Levenshtein's: the insertions, deletions and replacements that make one word the other.
  private static func distance(_ a: String.UTF8View, _ b: String.UTF8View) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        (diagonal, row[j + 1]) = (row[j + 1], min(diagonal + (x == y ? 0 : 1), row[j] + 1, row[j + 1] + 1))
      }
    }
    return row[b.count]
  }
}
