/// Which images train and which validate, as fastai's `split_by_rand_pct` after `numpy.random.seed` (recipe §2).
public struct Split: Sendable, Equatable {
  /// Ascending.
  public let train: [Int]
  /// In the order drawn, as fastai leaves it.
  public let valid: [Int]

  /// The fraction to validate on unless something else is asked for, as in the notebook.
  public static let validPct = 0.2
  /// The seed unless something else is asked for, the notebook's.
  public static let seed: UInt32 = 42

  /// - Parameters:
  ///   - count: number of images, in the label file's order.
  ///   - validPct: the fraction to validate on, in `0...1`; rounded down to whole images.
  ///   - seed: of numpy's generator.
  public init(count: Int, validPct: Double = Split.validPct, seed: UInt32 = Split.seed) {
    precondition(validPct >= 0 && validPct <= 1, "fraction \(validPct)")
    var random = NumpyRandom(seed: seed)
    let order = random.permutation(count)
    let cut = Int(validPct * Double(count))
    valid = Array(order[..<cut])
    train = order[cut...].sorted()
  }
}
