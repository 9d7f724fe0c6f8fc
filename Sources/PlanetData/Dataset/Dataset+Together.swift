extension Dataset {
  /// The places of the `limit` labels that most images have, in the labels' order.
  package func commonLabels(_ limit: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: labels.count)
    for image in images { for label in image.targets { counts[label] += 1 } }
    return labels.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }.prefix(limit).sorted()
  }

  /// How many images have both of two of these labels.
  package func coOccurrence(of chosen: [Int]) -> [[Int]] {
    let places = Dictionary(zip(chosen, chosen.indices), uniquingKeysWith: { first, _ in first })
    var counts = Array(repeating: Array(repeating: 0, count: chosen.count), count: chosen.count)
    for image in images {
      let own = image.targets.compactMap { places[$0] }
      for a in own { for b in own { counts[a][b] += 1 } }
    }
    return counts
  }
}
