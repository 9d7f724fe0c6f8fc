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
  ///   - host: this host's name, which is part of theirs. Containers that share both the name and /dev/shm may not see one
  ///     another's processes; but who has a segment in memory keeps it when its name is gone, and after a minute all have.
  static func sweep(in folder: String = "/dev/shm", host: String) {
    let shortName = String(host.prefix { $0 != "." })
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var old: [String: String] = [:]
    for name in names where prefixes.contains(where: { name.begins(with: "\($0)\(shortName).") }) {
      if let inode = inodeIfOld("\(folder)/\(name)") { old[inode] = "\(folder)/\(name)" }
    }
    if old.isEmpty { return }
    guard let used = inodesInMemory() else { return }
    for (inode, path) in old where !used.contains(inode) { try? FileManager.default.removeItem(atPath: path) }
  }

  /// The file's number if it is this user's and a minute old: a younger one's owner may be about to use it.
  private static func inodeIfOld(_ path: String) -> String? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > 60
    else { return nil }
    return String(status.st_ino)
  }

  /// The numbers of the files that processes of this user have in memory: the fifth column of `/proc/PID/maps`. Nil if one
  /// of them does not show its own.
  private static func inodesInMemory() -> Set<String>? {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var used: Set<String> = []
    for process in processes where process.utf8.allSatisfy({ (48...57).contains($0) }) {
      var status = stat()
      guard unsafe stat("/proc/\(process)/maps", &status) == 0, status.st_uid == geteuid() else { continue }
      guard unsafe access("/proc/\(process)/maps", R_OK) == 0 else { return nil }
      for line in ProcFile.lines("/proc/\(process)/maps") {
        let columns = line.parts(by: " ").filter { !$0.isEmpty }
        if columns.count > 4 { used.insert(String(columns[4])) }
      }
    }
    return used
  }
}
