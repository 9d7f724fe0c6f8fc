/// How many images have a label.
public struct LabelCount: Codable, Equatable, Sendable {
  public let label: String
  public let train: Int
  public let valid: Int

  /// Every tag's, ordered by code point. A row that repeats a tag counts once.
  static func table(_ rows: [Labels.Row], _ split: Split) -> [LabelCount] {
    func counts(_ part: [Int]) -> [String: Int] {
      part.reduce(into: [:]) { counts, index in
        for tag in Set(rows[index].tags) { counts[tag, default: 0] += 1 }
      }
    }
    let (train, valid) = (counts(split.train), counts(split.valid))
    return Set(train.keys).union(valid.keys).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { LabelCount(label: $0, train: train[$0] ?? 0, valid: valid[$0] ?? 0) }
  }
}
