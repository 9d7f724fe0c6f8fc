/// Whether probabilities mean what they say, over all decisions about an image and a label: of those said to be 30 %
/// likely, 30 % should be true.
public struct Calibration: Codable, Equatable, Sendable {
  /// The decisions whose probability is above `low` (or 0) and at most `high`, as scikit-learn's `calibration_curve` bins
  /// them.
  public struct Bin: Codable, Equatable, Sendable {
    public let low: Double
    public let high: Double
    public let decisions: Int
    /// Nil where there are none.
    public let meanProbability: Double?
    /// The fraction that is true.
    public let fractionTrue: Double?
  }

  /// Ten of equal width.
  public let bins: [Bin]
  /// The mean over decisions of how far their bin's probability is from its truth (Guo et al., "On Calibration of Modern
  /// Neural Networks", ICML 2017).
  public let expectedCalibrationError: Double
  /// The mean square of probability minus truth.
  public let brierScore: Double

  public init(_ predictions: Predictions) {
    let edges = (0...10).map { Double($0) * 0.1 }  // as numpy.linspace rounds them
    var (counts, sums, trues) = (
      [Int](repeating: 0, count: 10), [Double](repeating: 0, count: 10), [Int](repeating: 0, count: 10)
    )
    var squares = 0.0
    for (p, isTrue) in zip(predictions.probabilities, predictions.targets) {
      let bin = edges[1...9].count { $0 < p }
      counts[bin] += 1
      sums[bin] += p
      trues[bin] += isTrue ? 1 : 0
      squares += (p - (isTrue ? 1 : 0)) * (p - (isTrue ? 1 : 0))
    }
    let decisions = Double(max(1, predictions.targets.count))
    bins = (0..<10).map { bin in
      let count = Double(counts[bin])
      return Bin(
        low: edges[bin], high: edges[bin + 1], decisions: counts[bin],
        meanProbability: count > 0 ? sums[bin] / count : nil,
        fractionTrue: count > 0 ? Double(trues[bin]) / count : nil)
    }
    expectedCalibrationError = (0..<10).reduce(0) { $0 + abs(sums[$1] - Double(trues[$1])) } / decisions
    brierScore = squares / decisions
  }
}
