import Foundation

/// What an axis spans, and where on it values lie: 0 at its beginning, 1 at its end.
struct Axis {
  let scale: LineChart.Scale
  /// The ends; of their logarithms (base 10) where the scale is logarithmic.
  let low: Double
  let high: Double
  /// Whether all values are whole numbers, epochs for example: then there are no ticks between.
  let isWhole: Bool

  /// Spans the values, for each of which ``canShow(_:on:)`` is true, with a little room around them; without values
  /// `0...1`, or a decade.
  init(spanning values: [Double], scale: LineChart.Scale) {
    self.scale = scale
    isWhole = values.allSatisfy { $0 == $0.rounded() }
    let ends = values.map { Self.transformed($0, scale) }
    var (low, high) = (ends.min() ?? 0, ends.max() ?? (scale == .linear ? 1 : 0))
    // A single value, or values that differ by rounding, still get an axis.
    let magnitude = max(abs(low), abs(high))
    if high - low <= 1e-9 * magnitude || high == low {
      let room = scale == .logarithmic || magnitude == 0 ? 0.5 : 0.1 * magnitude
      (low, high) = (low - room, high + room)
    }
    let room = 0.04 * (high - low)
    (self.low, self.high) = (low - room, high + room)
  }

  /// Whether a value has a place on such an axis. Values beyond 1e290 have none: their differences must stay finite.
  static func canShow(_ value: Double, on scale: LineChart.Scale) -> Bool {
    value.isFinite && abs(value) <= 1e290 && (scale == .linear || value >= 1e-290)
  }

  /// The place of a value, within `0...1` if the axis spans it; nil where it cannot be shown.
  func place(_ value: Double) -> Double? {
    Self.canShow(value, on: scale) ? (Self.transformed(value, scale) - low) / (high - low) : nil
  }

  private static func transformed(_ value: Double, _ scale: LineChart.Scale) -> Double {
    if scale == .logarithmic { return log10(value) }
    return abs(value) < 1e-290 ? 0 : value  // what is denormal has no logarithm to choose ticks by
  }
}

/// Where an axis is marked.
struct Tick {
  /// In `0...1`.
  let place: Double
  let label: String
}

extension Axis {
  /// About `count` round values. On a logarithmic axis decades, written as fastai's plots do: `1e-03`.
  func ticks(_ count: Int) -> [Tick] {
    switch scale {
    case .linear: linearTicks(from: low, to: high, count)
    case .logarithmic: logarithmicTicks(count)
    }
  }

  private func linearTicks(from low: Double, to high: Double, _ count: Int) -> [Tick] {
    let rough = max((high - low) / Double(max(1, count)), isWhole ? 1 : 0)
    let exponent = log10(rough).rounded(.down)
    // 1, 2 or 5 times a power of ten.
    let step = [1, 2, 5, 10].map { $0 * pow(10, exponent) }.first { $0 >= rough } ?? rough
    let format = Self.format(largest: max(abs(low), abs(high)), lastDigit: Int(log10(step * 1.0001).rounded(.down)))
    return (Int((low / step).rounded(.down))...Int((high / step).rounded(.up))).compactMap { i in
      let value = Double(i) * step
      guard let place = place(value), (0...1).contains(place) else { return nil }
      return Tick(place: place, label: i == 0 ? "0" : String(format: format, value))
    }
  }

  /// Whole digits and decimals where that is short; `1.5e-06` otherwise.
  ///
  /// - Parameter lastDigit: the power of ten of the last digit that matters.
  private static func format(largest: Double, lastDigit: Int) -> String {
    let isShort = largest >= 1e-3 && largest < 1e6
    return isShort
      ? "%.\(max(0, -lastDigit))f" : "%.\(max(1, Int(log10(largest).rounded(.down)) - lastDigit + 1))g"
  }

  private func logarithmicTicks(_ count: Int) -> [Tick] {
    let decades = Int(low.rounded(.down))...Int(high.rounded(.down))
    let inside = Int(high.rounded(.down)) - Int(low.rounded(.up)) + 1
    let stride = [1, 2, 5, 10, 20, 50, 100].first { inside / $0 <= max(2, count) } ?? 200
    for multiples in [[1.0], [1, 2, 5]] {
      let ticks = decades.filter { $0 % stride == 0 }.flatMap { decade in
        multiples.compactMap { multiple in
          let place = (Double(decade) + log10(multiple) - low) / (high - low)
          guard (0...1).contains(place) else { return nil as Tick? }
          return Tick(place: place, label: String(format: "%.0e", multiple * pow(10, Double(decade))))
        }
      }
      if ticks.count > 1 { return ticks }
    }
    return linearTicks(from: pow(10, low), to: pow(10, high), count)
  }
}
