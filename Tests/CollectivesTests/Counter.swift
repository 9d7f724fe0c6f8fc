import Synchronization

/// A number that threads count up together.
final class Counter: Sendable {
  private let count = Atomic(0)

  func increment() { count.add(1, ordering: .sequentiallyConsistent) }
  var value: Int { count.load(ordering: .sequentiallyConsistent) }
}
