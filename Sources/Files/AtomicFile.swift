import Foundation

/// Writing a file so that its name stands for either all of the old bytes or all of the new ones, also when the
/// process is killed or the machine stops: temporary file in the same folder, fsync, rename, fsync of the folder.
public enum AtomicFile {
  /// Makes sure that a file can be written later, after hours of work: makes its folder, and writes a block to it.
  ///
  /// - Throws: ``FileError``, where the folder is read-only or full, or a folder has the file's name.
  public static func reserve(_ path: String) throws(FileError) {
    try makeFolder(FilePath.folder(of: path))
    var status = stat()
    if unsafe path.utf8.last == UInt8(ascii: "/") || (stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR) {
      throw .system(path: path, action: "write", code: EISDIR)
    }
    let temporary = temporary(for: path)
    defer { unsafe unlink(temporary) }
    try writeThrough(to: temporary, for: path) { (descriptor) throws(FileError) in
      try write([UInt8](repeating: 0, count: probeSize), to: descriptor, path)
    }
  }

  /// A block of most file systems: a full one has no room for it.
  private static let probeSize = 4096

  /// Writes a text file in this way.
  ///
  /// - Throws: ``FileError/system(path:action:code:)``.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Writes a file of these bytes in this way.
  ///
  /// - Throws: ``FileError/system(path:action:code:)``.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try replace(path) { (descriptor) throws(FileError) in try write(bytes, to: descriptor, path) }
  }

  /// Adds bytes to the end of a file, or makes it. This is not all or nothing: a killed process may leave a part of them.
  ///
  /// - Throws: ``FileError/system(path:action:code:)``.
  public static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
    try writeThrough(to: path, for: path, mode: O_APPEND) { (descriptor) throws(FileError) in
      try write(bytes, to: descriptor, path)
    }
  }

  /// Writes `pieces` one after another to `path`, making its folder if needed.
  ///
  /// Whatever fails before the renaming, the temporary file is removed and a previous file at `path` stays as it was.
  public static func write(_ pieces: [UnsafeRawBufferPointer], to path: String) throws(FileError) {
    try replace(path) { (descriptor) throws(FileError) in
      for i in unsafe pieces.indices { try write(unsafe pieces[i].bytes, to: descriptor, path) }
    }
  }

  private static func replace(_ path: String, _ fill: (Int32) throws(FileError) -> Void) throws(FileError) {
    try makeFolder(FilePath.folder(of: path))
    let temporary = temporary(for: path)
    do throws(FileError) {
      try writeThrough(to: temporary, for: path, fill: fill)
      guard unsafe rename(temporary, path) == 0 else { throw .system(path: path, action: "replace", code: errno) }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    try synchronizeFolder(FilePath.folder(of: path))
  }

  /// Removes what killed processes left behind in a folder: temporary files, `.NAME.PID.tmp`, of processes that are no
  /// more.
  ///
  /// - Parameter isOurs: whether this program writes files of that name.
  public static func removeLeftovers(in folder: String, where isOurs: (_ name: String) -> Bool) {
    let folder = folder.isEmpty ? "." : folder
    for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let parts = file.parts(by: ".")
      guard parts.count >= 4, parts[0].isEmpty, parts.last == "tmp", let pid = pid_t(parts[parts.count - 2]),
        isOurs(parts[1..<parts.count - 2].joined(separator: ".")), kill(pid, 0) != 0, errno == ESRCH
      else { continue }
      unsafe unlink(folder + "/" + file)
    }
  }

  /// A name of this process's own: two runs may save to the same folder.
  private static func temporary(for path: String) -> String {
    FilePath.join(FilePath.folder(of: path), ".\(FilePath.name(of: path)).\(getpid()).tmp")
  }

  /// Writes a file to the disk. Errors name `path`, which the user knows, not the temporary file.
  private static func writeThrough(
    to temporary: String, for path: String, mode: Int32 = O_EXCL, fill: (Int32) throws(FileError) -> Void
  ) throws(FileError) {
    if mode & O_EXCL != 0 { unsafe unlink(temporary) }  // A dead process that had our number may have left one.
    let descriptor = restarting {
      unsafe Int(open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | mode, 0o644))
    }
    guard descriptor >= 0 else { throw .system(path: path, action: "create", code: errno) }
    var isOpen = true
    defer { if isOpen { close(Int32(descriptor)) } }
    try fill(Int32(descriptor))
    guard restarting({ Int(fsync(Int32(descriptor))) }) == 0 else {
      throw .system(path: path, action: "write", code: errno)
    }
    isOpen = false
    guard close(Int32(descriptor)) == 0 else { throw .system(path: path, action: "write", code: errno) }
  }

  /// Writes all bytes to an open file; `path` is for the message.
  static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(FileError) {
    try write(unsafe bytes.span.bytes, to: descriptor, path)
  }

  private static func write(_ bytes: RawSpan, to descriptor: Int32, _ path: String) throws(FileError) {
    var done = 0
    while done < bytes.byteCount {
      let written = restarting {
        unsafe bytes.extracting(done...).withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      }
      guard written >= 0 else { throw .system(path: path, action: "write", code: errno) }
      done += written
    }
  }

  /// Makes a call again when a signal interrupts it: a save that one signal asked for may meet the next.
  private static func restarting(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  /// As `mkdir -p`; an empty path is the working folder.
  static func makeFolder(_ path: String) throws(FileError) {
    guard !path.isEmpty, unsafe mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    guard errno == ENOENT else { throw .system(path: path, action: "create the folder", code: errno) }
    try makeFolder(FilePath.folder(of: path))
    guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw .system(path: path, action: "create the folder", code: errno)
    }
  }

  /// Makes the renaming itself durable. A file system that cannot do so answers EINVAL, which is no failure.
  private static func synchronizeFolder(_ path: String) throws(FileError) {
    let folder = path.isEmpty ? "." : path
    let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: folder, action: "open", code: errno) }
    defer { close(descriptor) }
    guard restarting({ Int(fsync(descriptor)) }) == 0 || errno == EINVAL else {
      throw .system(path: folder, action: "synchronize", code: errno)
    }
  }
}
