import Files
import Foundation

/// Memory that Open MPI leaves on a host when mpirun is killed: files in /dev/shm, which nothing else ever removes.
enum Leftovers {
  /// Open MPI 4's and 5's: `vader_segment.HOST.USER.JOB.RANK`.
  private static let prefixes = ["vader_segment.", "sm_segment."]

  /// Removes this user's segments that no process of this host uses any more.
  ///
  /// - Parameters:
  ///   - folder: where Open MPI puts them.
  ///   - host: this host's name. Containers may share /dev/shm without seeing one another's processes, but each has its name.
  static func sweep(in folder: String = "/dev/shm", host: String) {
    let shortName = String(host.prefix { $0 != "." })
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let candidates = names.filter { name in
      prefixes.contains { name.hasPrefix("\($0)\(shortName).") } && isOldOwn("\(folder)/\(name)")
    }
    if candidates.isEmpty { return }
    let used = usedFiles(in: folder)
    for name in candidates where !used.contains("\(folder)/\(name)") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  /// Whether it is this user's, and a minute old: a younger one's owner may be about to use it.
  private static func isOldOwn(_ path: String) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid()
    else { return false }
    return Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > 60
  }

  /// Files of the folder that processes of this user have in their memory, by `/proc/PID/maps`.
  private static func usedFiles(in folder: String) -> Set<String> {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var used: Set<String> = []
    for process in processes where process.allSatisfy(\.isNumber) {
      for line in ProcFile.lines("/proc/\(process)/maps") {
        if let path = line.range(of: "\(folder)/") { used.insert(String(line[path.lowerBound...])) }
      }
    }
    return used
  }
}
