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
    if path.utf8.last == UInt8(ascii: "/") || (stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR) {
      throw .system(path: path, action: "write", code: EISDIR)
    }
    let temporary = temporary(for: path)
    defer { unlink(temporary) }
    try [UInt8](repeating: 0, count: 4096).withUnsafeBufferPointer { (block) throws(FileError) in
      try writeThrough([UnsafeRawBufferPointer(block)], to: temporary, for: path)
    }
  }

  /// Writes a text file so.
  ///
  /// - Throws: ``FileError/system(path:action:code:)``.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Writes a file of these bytes so.
  ///
  /// - Throws: ``FileError/system(path:action:code:)``.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
      try write([UnsafeRawBufferPointer(bytes)], to: path)
    }
  }

  /// Adds bytes to the end of a file, or makes it. Not all or nothing: a killed process may leave a part of them.
  ///
  /// - Throws: ``FileError/system(path:action:code:)``.
  public static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
      try writeThrough([UnsafeRawBufferPointer(bytes)], to: path, for: path, O_APPEND)
    }
  }

  /// Writes `pieces` one after another to `path`, making its folder if needed.
  ///
  /// Whatever fails before the renaming, the temporary file is removed and a previous file at `path` stays as it was.
  public static func write(_ pieces: [UnsafeRawBufferPointer], to path: String) throws(FileError) {
    try makeFolder(FilePath.folder(of: path))
    let temporary = temporary(for: path)
    do throws(FileError) {
      try writeThrough(pieces, to: temporary, for: path)
      guard rename(temporary, path) == 0 else { throw .system(path: path, action: "replace", code: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronizeFolder(FilePath.folder(of: path))
  }

  /// Removes what killed processes left behind in a folder: temporary files, `.NAME.PID.tmp`, of processes that are no
  /// more.
  ///
  /// - Parameter isOurs: whether files of that name are written by this.
  public static func removeLeftovers(in folder: String, where isOurs: (_ name: String) -> Bool) {
    let folder = folder.isEmpty ? "." : folder
    for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let parts = file.parts(by: ".")
      guard parts.count >= 4, parts[0].isEmpty, parts.last == "tmp", let pid = pid_t(parts[parts.count - 2]),
        isOurs(parts[1..<parts.count - 2].joined(separator: ".")), kill(pid, 0) != 0, errno == ESRCH
      else { continue }
      unlink(folder + "/" + file)
    }
  }

  /// The process id keeps two runs that save to the same folder apart.
  private static func temporary(for path: String) -> String {
    FilePath.join(FilePath.folder(of: path), ".\(FilePath.name(of: path)).\(getpid()).tmp")
  }

  /// Errors name `path`, which the user knows, not the temporary file.
  private static func writeThrough(
    _ pieces: [UnsafeRawBufferPointer], to temporary: String, for path: String, _ mode: Int32 = O_EXCL
  ) throws(FileError) {
    if mode & O_EXCL != 0 { unlink(temporary) }  // of a dead process that had our number
    let descriptor = restarting {
      Int(open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | mode, 0o644))
    }
    guard descriptor >= 0 else { throw .system(path: path, action: "create", code: errno) }
    var isOpen = true
    defer { if isOpen { close(Int32(descriptor)) } }
    for piece in pieces { try write(piece, to: Int32(descriptor), path) }
    guard restarting({ Int(fsync(Int32(descriptor))) }) == 0 else {
      throw .system(path: path, action: "write", code: errno)
    }
    isOpen = false
    guard close(Int32(descriptor)) == 0 else { throw .system(path: path, action: "write", code: errno) }
  }

  /// Writes all bytes to an open file; `path` is for the message.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = restarting { Glibc.write(descriptor, rest.baseAddress, rest.count) }
      guard written >= 0 else { throw .system(path: path, action: "write", code: errno) }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// A save that a signal asked for may meet the next signal: interrupted calls are made again.
  private static func restarting(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  /// As `mkdir -p`; an empty path is the working folder.
  static func makeFolder(_ path: String) throws(FileError) {
    guard !path.isEmpty, mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    guard errno == ENOENT else { throw .system(path: path, action: "create the folder", code: errno) }
    try makeFolder(FilePath.folder(of: path))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw .system(path: path, action: "create the folder", code: errno)
    }
  }

  /// Makes the renaming itself durable. File systems that cannot, answer EINVAL, and there is nothing more to do.
  private static func synchronizeFolder(_ path: String) throws(FileError) {
    let folder = path.isEmpty ? "." : path
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: folder, action: "open", code: errno) }
    defer { close(descriptor) }
    guard restarting({ Int(fsync(descriptor)) }) == 0 || errno == EINVAL else {
      throw .system(path: folder, action: "synchronize", code: errno)
    }
  }
}
