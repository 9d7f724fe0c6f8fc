import Dispatch
import Foundation
import Synchronization

/// How long something may seem to hang: far longer than anything of ours takes on the slowest and busiest machine.
///
/// Only what may hang has such a watch, and it counts from when that began. A limit on a whole test would count its wait
/// for other tests too, and so depend on the machine.
enum Watch {
  static let limit = 900.0

  /// Runs `action` once the limit has passed, unless the item returned is cancelled before.
  static func start(_ action: @escaping @Sendable () -> Void) -> DispatchWorkItem {
    let item = DispatchWorkItem(block: action)
    // A thread of its own kind: tests may hold all those of Swift's pool.
    DispatchQueue.global(qos: .userInteractive).asyncAfter(deadline: .now() + limit, execute: item)
    return item
  }
}

/// Runs `body`, which might hang. If it does, the whole test run ends and says where: threads cannot be stopped.
@discardableResult
public func watched<R>(_ what: String, _ body: () throws -> R) rethrows -> R {
  let watch = Watch.start {
    FileHandle.standardError.write(Data("\(what): hangs since \(Int(Watch.limit)) s\n".utf8))
    abort()
  }
  defer { watch.cancel() }
  return try body()
}

/// Something one thread tells another.
final class Flag: Sendable {
  private let flag = Atomic(false)
  func raise() { flag.store(true, ordering: .releasing) }
  var isUp: Bool { flag.load(ordering: .acquiring) }
}
