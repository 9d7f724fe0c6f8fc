import Foundation
import Synchronization

/// Ends this process if it does not become part of its job in time. MPI's calls for that wait for ever, whatever they wait
/// for: a rank that was stopped, a firewall, hosts that take each other's docker0 for their common network.
final class JoinLimit: Sendable {
  private let joined = DispatchSemaphore(value: 0)
  /// Whether it is decided if this process has joined or is late; who decides it goes on.
  private let decided = Atomic(false)

  /// - Parameter onFailure: tells the user, and returns the exit code. Called by one rank, if all are late: the others come
  ///   after it, and `mpirun` ends them with the first that exits.
  init(_ limit: Duration, _ onFailure: @escaping @Sendable (CommunicationError) -> Int32) {
    let launcher = Launcher.current
    guard launcher.isPresent else { return }
    let seconds = limit / .seconds(1)
    let turn = launcher.rank == 0 ? 0 : Communicator.secondsToBeEnded + 0.5 * Double(min(launcher.rank, 4))
    Thread { [self] in
      guard joined.wait(timeout: .now() + seconds + turn) == .timedOut, !decided.exchange(true, ordering: .relaxed)
      else { return }
      let code = onFailure(.notFound(seconds: seconds, hosts: launcher.hosts, networks: Self.networks()))
      fflush(nil)
      _exit(code)
    }.start()
  }

  /// This process has joined. Does not return if it is just being ended for being late.
  func end() {
    while decided.exchange(true, ordering: .relaxed) { Thread.sleep(forTimeInterval: 1) }
    joined.signal()
  }

  /// This host's networks: "eth0 10.0.0.1/24".
  static func networks() -> [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    var found: [String] = []
    var next = unsafe first
    while let network = unsafe next?.pointee {
      unsafe next = network.ifa_next
      guard let address = unsafe text(network.ifa_addr), let mask = unsafe network.ifa_netmask,
        unsafe network.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      let bits = unsafe mask.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe $0.pointee.sin_addr.s_addr.nonzeroBitCount
      }
      unsafe found.append("\(String(cString: network.ifa_name)) \(address)/\(bits)")
    }
    return found
  }

  // Of an IPv4 address, as MPI uses them.
  private static func text(_ address: UnsafeMutablePointer<sockaddr>?) -> String? {
    guard let address = unsafe address, unsafe address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
    return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
      let number = unsafe UInt32(bigEndian: address.pointee.sin_addr.s_addr)
      return stride(from: 24, through: 0, by: -8).map { String(number >> UInt32($0) & 255) }.joined(separator: ".")
    }
  }
}
