public import Testing

/// Fails unless `actual` and `expected` agree elementwise within `absolute + relative · max|expected|`, naming the worst.
///
/// The scale is the largest expected magnitude, not each element's own: sums that cancel have no relative accuracy.
public func expectClose<A: BinaryFloatingPoint, E: BinaryFloatingPoint>(
  _ actual: some Collection<A>, _ expected: some Collection<E>, relative: Double = 1e-5, absolute: Double = 1e-7,
  _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what) counts", sourceLocation: sourceLocation)
  let scale = expected.lazy.map { abs(Double($0)) }.max() ?? 0
  let bound = absolute + relative * scale
  var worst = (index: 0, difference: -1.0, actual: 0.0, expected: 0.0)
  for (index, (a, e)) in zip(actual, expected).enumerated() {
    let difference = abs(Double(a) - Double(e))
    if !(difference <= worst.difference) { worst = (index, difference, Double(a), Double(e)) }
  }
  #expect(
    worst.difference <= bound,
    "\(what) at \(worst.index): \(worst.actual) instead of \(worst.expected), off by \(worst.difference), allowed \(bound)",
    sourceLocation: sourceLocation)
}
