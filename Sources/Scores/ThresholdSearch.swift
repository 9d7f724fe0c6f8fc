import Recipes

/// Looks for the thresholds with the highest fbeta, the mean F2 of images, on a grid of hundredths: finer ones would
/// follow single images.
struct ThresholdSearch {
  static let grid = (1...99).map { Double($0) / 100 }
  /// Rounds through all labels; ascent that has not settled by then is cut off.
  private static let rounds = 20
  /// Smaller gains are rounding.
  private static let smallestGain = 1e-9

  private let predictions: Predictions
  /// How many of the grid's thresholds each probability exceeds.
  private let levels: [Int]

  init(_ predictions: Predictions) {
    self.predictions = predictions
    levels = predictions.probabilities.map { p in Self.grid.count { $0 < p } }
  }

  /// fbeta at every threshold of the grid, the same for all labels.
  func sweep() -> [Double] {
    Self.grid.map { predictions.fbeta(Thresholds($0, labels: predictions.labels)) }
  }

  /// The best threshold for all labels alike; of equally good ones, the nearest to the recipe's.
  func global() -> Double {
    let scores = sweep()
    let best = scores.max()
    let candidates = zip(Self.grid, scores).filter { $0.1 == best }.map(\.0)
    return candidates.min { abs($0 - Recipe.threshold) < abs($1 - Recipe.threshold) } ?? Recipe.threshold
  }

  /// A threshold for each label, by coordinate ascent: from the best common one, each label in turn gets what is best
  /// while the others stay, until nothing improves. Labels cannot be tuned apart from each other, because an image's F2
  /// depends on all of its tags.
  func perLabel() -> Thresholds {
    let start = global()
    var thresholds = Thresholds(start, labels: predictions.labels)
    var counts = predictions.countsOfImages(thresholds)
    var improved = true
    for _ in 0..<Self.rounds where improved {
      improved = false
      for label in predictions.labels.indices {
        let gains = gains(of: label, thresholds[label], counts)
        let current = Self.grid.firstIndex(of: thresholds[label]) ?? 0
        guard let best = gains.indices.max(by: { gains[$0] < gains[$1] }),
          gains[best] > gains[current] + Self.smallestGain
        else { continue }
        move(label, from: thresholds[label], to: Self.grid[best], &counts)
        thresholds[label] = Self.grid[best]
        improved = true
      }
    }
    return thresholds
  }

  /// For each threshold of the grid, the sum over images of what giving this label adds to their F2.
  private func gains(of label: Int, _ threshold: Double, _ counts: [TagCounts]) -> [Double] {
    // An image's F2 takes two values, with the tag and without; which one depends on its probability's level alone.
    var byLevel = [Double](repeating: 0, count: Self.grid.count + 1)
    for row in counts.indices {
      let place = predictions.place(row, label)
      var without = counts[row]
      if predictions.probabilities[place] > threshold { without.remove(actual: predictions.targets[place]) }
      var with = without
      with.give(actual: predictions.targets[place])
      byLevel[levels[place]] += with.fbeta - without.fbeta
    }
    var (sum, gains) = (0.0, [Double](repeating: 0, count: Self.grid.count))
    for k in Self.grid.indices.reversed() {
      sum += byLevel[k + 1]
      gains[k] = sum
    }
    return gains
  }

  private func move(_ label: Int, from old: Double, to new: Double, _ counts: inout [TagCounts]) {
    for row in counts.indices {
      let place = predictions.place(row, label)
      let (p, isActual) = (predictions.probabilities[place], predictions.targets[place])
      if p > old { counts[row].remove(actual: isActual) }
      if p > new { counts[row].give(actual: isActual) }
    }
  }
}

extension TagCounts {
  /// One more tag.
  fileprivate mutating func give(actual isActual: Bool) {
    predicted += 1
    truePositives += isActual ? 1 : 0
  }

  /// One tag fewer.
  fileprivate mutating func remove(actual isActual: Bool) {
    predicted -= 1
    truePositives -= isActual ? 1 : 0
  }
}
