import Glibc

/// The one door for what users feed us: regular files of a bounded size.
///
/// Pipes and devices are refused (their size says nothing, and reading may never end), without waiting for a writer. Files
/// are read, never mapped: of a mapped file that another process shortens, or whose disk fails, the kernel tells by
/// SIGBUS, which ends the process; of a read one it tells by an error.
public enum InputFile {
  /// The file's bytes.
  ///
  /// - Parameter limit: how many there may be: what is larger is not what it should be, or was made to harm.
  public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let file = try OpenFile(path, limit: limit)
    return try file.bytes(file.size)
  }

  /// The file's first bytes, enough for ``FileKind``.
  public static func beginning(_ path: String) throws(FileError) -> [UInt8] {
    let file = try OpenFile(path, limit: .max)
    return try file.bytes(min(512, file.size))
  }

  /// What `body` makes of the file's bytes, which are gone when it returns: for large files, whose memory is given back at
  /// once.
  public static func withBytes<R, E: Error>(
    _ path: String, limit: Int, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(FileError) -> Result<R, E> {
    let file = try OpenFile(path, limit: limit)
    let size = max(1, file.size)
    guard
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED
    else { throw .system(path: path, action: "read", code: errno) }
    defer { munmap(memory, size) }
    try file.fill(UnsafeMutableRawBufferPointer(start: memory, count: file.size))
    do throws(E) {
      return .success(try body(UnsafeRawBufferPointer(start: memory, count: file.size)))
    } catch {
      return .failure(error)
    }
  }
}

/// A regular file open for reading; closed when it goes.
private struct OpenFile: ~Copyable {
  let path: String
  let size: Int
  private let descriptor: Int32

  init(_ path: String, limit: Int) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else {
      size = 0
      throw .system(path: path, action: "open", code: errno)
    }
    var status = stat()
    let known = fstat(descriptor, &status) == 0
    size = Int(status.st_size)
    guard known else { throw .system(path: path, action: "open", code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unusable(path: path, reason: "not a regular file") }
    guard size <= limit else { throw .unusable(path: path, reason: "\(size) bytes, more than \(limit)") }
  }

  /// Its first `count` bytes.
  func bytes(_ count: Int) throws(FileError) -> [UInt8] {
    var outcome: Result<Void, FileError> = .success(())
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(FileError) {
        try fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])))
        filled = count
      } catch {
        outcome = .failure(error)
      }
    }
    try outcome.get()
    return bytes
  }

  /// Reads as many bytes from its start as there is room for.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    var filled = 0
    while filled < buffer.count, let start = buffer.baseAddress {
      let count = pread(descriptor, start + filled, buffer.count - filled, filled)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(path: path, action: "read", code: errno) }
      guard count > 0 else {
        throw .unusable(
          path: path, reason: "it was shortened while being read, from \(size) bytes to at most \(filled)")
      }
      filled += count
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
