/// How many buckets to defer, found by trying: one more as long as ranks wait longer after backward than in forward, one
/// less where it is the other way round.
struct Deferral {
  /// How many buckets the next step is to defer.
  private(set) var buckets: Int
  /// What this rank has waited for other hosts' sums in a step.
  var afterBackward = Duration.zero
  var inForward = Duration.zero

  init(buckets: Int = 0) { self.buckets = buckets }

  /// What is not worth a change.
  private static let little = Duration.milliseconds(5)

  /// Draws the conclusion of a step.
  ///
  /// - Parameter most: how many may be deferred.
  mutating func adapt(most: Int) {
    if afterBackward > inForward + Self.little {
      buckets = min(buckets + 1, most)
    } else if inForward > afterBackward + Self.little {
      buckets = max(buckets - 1, 0)
    }
    (afterBackward, inForward) = (.zero, .zero)
  }
}
