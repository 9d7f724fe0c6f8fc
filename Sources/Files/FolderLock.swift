import Glibc

/// A folder that one process at a time writes to: the lock ends with the process that holds it, however it ends.
///
/// It is a `flock` on the file `lock` in the folder, which NFS passes on to its server. The file's text names the holder
/// for messages; only the lock itself counts, so the file that a killed process leaves keeps nobody out.
public final class FolderLock: Sendable {
  public let folder: String
  private let path: String
  private let descriptor: Int32
  private let isNewFolder: Bool

  /// Makes the folder, if needed, and locks it.
  ///
  /// - Throws: ``FileError/busy(path:holder:)`` while another process, or another lock of this one, holds it.
  public init(_ folder: String) throws(FileError) {
    var status = stat()
    isNewFolder = unsafe stat(folder, &status) != 0
    self.folder = folder
    path = FilePath.join(folder, "lock")
    descriptor = try Self.lock(path, of: folder)
    let text = Array("process \(getpid()) on \(Host.name ?? "this host")\n".utf8)
    if ftruncate(descriptor, 0) == 0 { _ = unsafe pwrite(descriptor, text, text.count, 0) }
  }

  /// Removes the file, and the folder if it was made for the lock and nothing was written in it.
  deinit {
    unsafe unlink(path)
    close(descriptor)
    if isNewFolder { unsafe rmdir(folder) }
  }

  /// How often locking begins again because another process has just removed the file or the folder.
  private static let attemptLimit = 100

  private static func lock(_ path: String, of folder: String) throws(FileError) -> Int32 {
    var attempts = 0
    while true {
      attempts += 1
      try AtomicFile.makeFolder(folder)
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
      if descriptor < 0, errno == ENOENT, attempts < attemptLimit { continue }  // The last holder removed the folder.
      guard descriptor >= 0 else { throw .system(path: path, action: "create", code: errno) }
      // File systems that know no locks answer with other errors, and there every process is trusted.
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
        defer { close(descriptor) }
        throw .busy(path: folder, holder: holder(descriptor))
      }
      // A holder that ends removes the file, perhaps after it was opened here: the lock that counts is on the file
      // that others find.
      var (mine, current) = (stat(), stat())
      guard unsafe fstat(descriptor, &mine) == 0 else { throw .system(path: path, action: "open", code: errno) }
      if unsafe stat(path, &current) == 0, mine.st_ino == current.st_ino || attempts == attemptLimit {
        return descriptor
      }
      close(descriptor)
    }
  }

  /// What the file says. A process that has just locked it may not have written that yet, so half a second is allowed.
  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)  // Enough for "process 4194304 on" and a host's name.
    for _ in 0..<50 {
      let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
      let text = bytes.prefix(max(0, count)).filter { (0x20..<0x7F).contains($0) }
      if !text.isEmpty { return String(decoding: text, as: UTF8.self) }
      usleep(10_000)
    }
    return "a process that does not say which"
  }
}
