/// How often the training state is saved within an epoch; at its end it always is. A power cut costs at most that, and the validation.
public enum SaveInterval: Equatable, Sendable {
  case steps(Int)
  case time(Duration)

  /// Every ten minutes: a small part of an epoch of all the competition's images, which takes hours on few cores.
  public static let standard = time(.seconds(600))
}

/// When the training state was last saved.
struct SaveClock {
  let interval: SaveInterval
  private var last = ContinuousClock.now
  private var steps = 0

  init(_ interval: SaveInterval) { self.interval = interval }

  /// Counts a step, and says whether the state is to be saved after it.
  mutating func isDue() -> Bool {
    steps += 1
    return switch interval {
    case .steps(let count): steps >= count
    case .time(let duration): ContinuousClock.now - last >= duration
    }
  }

  /// The state is saved.
  mutating func restart() { (last, steps) = (.now, 0) }
}
