import CCollectives
import Files
import Foundation

/// What the system lets this process use, read from all places that say so: in a container, under a batch system or after
/// `ulimit -v` that is less than the machine has.
public struct Allowance: Sendable {
  /// Processors to run on (mpirun binds ranks, `taskset` programs), and processors' worth of time (`docker run --cpus`).
  public let processors: [Budget]
  /// Bytes of memory: of the machine and of control groups, where the kernel kills a process that needs more; and of this
  /// process's address space, of which some is used already, and where a process that needs more gets none.
  public let memory: [Budget]

  /// - Parameter root: what stands before `/proc` and `/sys`, for tests.
  public init(root: String = "") {
    let groups = ControlGroups(root: root)
    let host = pd_host_hash()
    let allowed = Array(sequence(state: -1, next: Self.next))
    let cores = Self.cores(of: allowed, root: root)
    let source = cores == allowed.count ? "processors it may run on" : "cores it may run on"
    processors = [Budget(owner: pd_cores_hash(), amount: Double(cores), source: source)] + groups.processors
    let physical = Budget(
      owner: host, amount: Double(ProcessInfo.processInfo.physicalMemory), source: "what this host has")
    memory = [physical] + groups.memory + Self.addressSpace(root: root)
  }

  private static func next(_ processor: inout Int) -> Int? {
    processor = Int(pd_next_processor(Int32(processor)))
    return processor >= 0 ? processor : nil
  }

  /// How many cores these processors are: two hardware threads of one core compute hardly faster than one, as arithmetic is
  /// what they share.
  static func cores(of processors: [Int], root: String) -> Int {
    var (cores, known) = (0, Set<Int>())
    for processor in processors where !known.contains(processor) {
      cores += 1
      // "0,8" or "0-1".
      let list =
        ProcFile.lines(root + "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list").first ?? ""
      for range in list.split(separator: ",") {
        let ends = range.split(separator: "-").compactMap { Int($0) }
        if let first = ends.first, let last = ends.last, 0...last ~= first, last < 1 << 16 {
          known.formUnion(first...last)
        }
      }
    }
    return cores
  }

  /// What `ulimit` leaves.
  private static func addressSpace(root: String) -> [Budget] {
    // In pages: size, resident, shared, code, 0, data and stack.
    let used = ProcFile.lines(root + "/proc/self/statm").first?.split(separator: " ").compactMap { Double($0) } ?? []
    guard used.count > 5 else { return [] }
    // Threads reserve some half a gigabyte of addresses, for their stacks and for malloc, and use very little of it.
    let limits = [("ulimit -v", RLIMIT_AS, used[0], 5e8), ("ulimit -d", RLIMIT_DATA, used[5], 0)]
    return limits.compactMap { source, resource, pages, reserved in
      var limit = rlimit()
      guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < Int64.max else {
        return nil
      }
      return Budget(
        owner: nil, amount: Double(limit.rlim_cur) - pages * Double(getpagesize()) - reserved, source: source)
    }
  }
}
