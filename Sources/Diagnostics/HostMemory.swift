public import Collectives
import Files

/// What a job's processes take of their hosts' memory.
public enum HostMemory {
  /// Memory of the ranks of a host now, what they share counted once, in GB; of the host with the most. Collective.
  public static func gigabytes(_ communicator: Communicator) throws -> Double {
    let all = try communicator.allGather(kilobytes("Pss", in: "/proc/self/smaps_rollup"))
    let here = all[communicator.hostRanks].reduce(0, +)
    return gigabytes(try communicator.allGather(here).max() ?? 0)
  }

  /// The most memory this process has had, in GB, what it shares with others included; of the rank with the most.
  /// Collective.
  public static func peakGigabytes(_ communicator: Communicator) throws -> Double {
    gigabytes(try communicator.allGather(kilobytes("VmHWM", in: "/proc/self/status")).max() ?? 0)
  }

  // "Pss:   123456 kB"
  private static func kilobytes(_ key: String, in file: String) -> Int {
    let line = ProcFile.lines(file).first { $0.begins(with: "\(key):") } ?? ""
    return line.parts(by: " ").compactMap { Int($0) }.first ?? 0
  }

  private static func gigabytes(_ kilobytes: Int) -> Double { Double(kilobytes) * 1024 / 1e9 }
}
