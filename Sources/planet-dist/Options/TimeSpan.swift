public import ArgumentParser
public import Training

/// A time as people write it: 90s, 10m, 2h, 1d.
struct TimeSpan: ExpressibleByArgument {
  let duration: Duration

  private static let units: [UInt8: Double] = [
    UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86400,
  ]

  /// Nil unless it is a number and a unit, and a second to a thousand days.
  init?(argument: String) {
    guard let unit = argument.utf8.last.flatMap({ Self.units[$0] }),
      let count = Double(String(decoding: argument.utf8.dropLast(), as: UTF8.self)),
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
