import CCollectives
import Files
import Foundation

/// The control groups (cgroups) that this process is in, and all that those are in: each may limit those below it.
/// https://docs.kernel.org/admin-guide/cgroup-v2.html, and version 1's pages under `cgroup-v1`.
struct ControlGroups {
  /// Processors' worth of time.
  let processors: [Budget]
  /// Bytes of memory.
  let memory: [Budget]

  /// - Parameter root: what stands before `/proc` and `/sys`, for tests.
  init(root: String) {
    // "4:memory:/docker/1f0c", "3:cpu,cpuacct:/"; of version 2 "0::/user.slice".
    let memberships = ProcFile.lines(root + "/proc/self/cgroup").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }.filter { $0.count == 3 }
    let mounts = ProcFile.lines(root + "/proc/self/mountinfo").compactMap(Mount.init)
    func folders(_ controller: String) -> [String] {
      mounts.flatMap { mount in
        memberships.filter { mount.serves(controller, of: $0[1]) }.flatMap { mount.folders(to: $0[2]) }
      }.map { root + $0 }
    }
    processors = folders("cpu").compactMap { folder in
      if let budget = Self.budget(folder, "cpu.max", Self.ratio) { return budget }
      let period = Self.number(ProcFile.lines(folder + "/cpu.cfs_period_us").first)
      return Self.budget(folder, "cpu.cfs_quota_us") { quota in
        Self.number(quota).flatMap { quota in period.map { quota / $0 } }
      }
    }
    memory = folders("memory").compactMap {
      Self.budget($0, "memory.max", Self.number) ?? Self.budget($0, "memory.limit_in_bytes", Self.number)
    }
  }

  private static func budget(_ folder: String, _ file: String, _ read: (String) -> Double?) -> Budget? {
    let path = folder + "/" + file
    var status = stat()
    guard let amount = ProcFile.lines(path).first.flatMap(read), unsafe stat(folder, &status) == 0 else { return nil }
    // The folder's number is the same in every container that sees it, whatever its path there.
    let owner = pd_host_hash() ^ (UInt64(status.st_ino) &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(status.st_dev)
    return Budget(owner: owner, amount: amount, source: path)
  }

  /// A limit; "max", or in version 1 "-1", is none.
  private static func number(_ text: String?) -> Double? { text.flatMap(Double.init).flatMap { $0 > 0 ? $0 : nil } }

  /// "150000 100000" allows 150,000 microseconds of every 100,000; "max 100000" is no limit.
  private static func ratio(_ text: String) -> Double? {
    let numbers = text.split(separator: " ").map { number(String($0)) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1] else { return nil }
    return quota / period
  }
}

/// A line of /proc/self/mountinfo about a hierarchy of groups:
/// `35 25 0:31 /docker/1f0c /sys/fs/cgroup/memory ro,nosuid shared:16 - cgroup cgroup rw,memory`.
private struct Mount {
  /// The group that is seen at `point`.
  let group: [Substring]
  let point: String
  /// The controllers of a hierarchy of version 1; nil for version 2, which has all.
  let controllers: [Substring]?

  init?(_ line: String) {
    let fields = line.split(separator: " ")
    guard let dash = fields.firstIndex(of: "-"), dash > 5, fields.count > dash + 3 else { return nil }
    switch fields[dash + 1] {
    case "cgroup": controllers = fields[dash + 3].split(separator: ",")
    case "cgroup2": controllers = nil
    default: return nil
    }
    // The kernel writes a blank as an octal number. Other characters that it escapes so are not expected in such paths.
    group = fields[3].split(separator: "/")
    point = fields[4].split(separator: "\\040", omittingEmptySubsequences: false).joined(separator: " ")
  }

  /// Whether `controller` is here for a process that is in a group of these controllers, "" in version 2.
  func serves(_ controller: String, of membership: String) -> Bool {
    guard let controllers else { return membership.isEmpty }
    return controllers.contains { $0 == controller } && membership.split(separator: ",").contains { $0 == controller }
  }

  /// The folders from the mount point to a process's group. A container may see its own group at the mount point, and yet
  /// hear of the path that the host knows it by; then only what is at the mount point can be seen.
  func folders(to path: String) -> [String] {
    let path = path.split(separator: "/")
    guard path.starts(with: group), !path.contains("..") else { return [point] }
    return path.dropFirst(group.count).reduce(into: [point]) { $0.append($0[$0.count - 1] + "/" + $1) }
  }
}
