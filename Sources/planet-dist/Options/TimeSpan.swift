public import ArgumentParser
public import Training

/// A time as people write it: 90s, 10m, 2h, 1d.
struct TimeSpan: ExpressibleByArgument {
  let duration: Duration

  private static let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]

  /// Nil unless it is a number and a unit, and a second to a thousand days.
  init?(argument: String) {
    guard let unit = argument.last.flatMap({ Self.units[$0] }), let count = Double(argument.dropLast()),
      (1...86_400_000).contains(count * unit)
    else { return nil }
    duration = .seconds(count * unit)
  }
}

/// "500", steps, or a ``TimeSpan``.
extension SaveInterval: ExpressibleByArgument {
  public init?(argument: String) {
    if let steps = Int(argument) {
      guard steps >= 1 else { return nil }
      self = .steps(steps)
    } else if let time = TimeSpan(argument: argument) {
      self = .time(time.duration)
    } else {
      return nil
    }
  }
}
