import Glibc

/// Reads every file that users give the program: regular files of a bounded size.
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

  /// How many bytes the file has.
  public static func size(_ path: String) throws(FileError) -> Int { try OpenFile(path, limit: .max).size }

  /// The file's first bytes, enough for ``FileKind``.
  public static func beginning(_ path: String) throws(FileError) -> [UInt8] {
    let file = try OpenFile(path, limit: .max)
    return try file.bytes(min(FileKind.beginningSize, file.size))
  }
}

/// A regular file open for reading; closed when it goes.
private struct OpenFile: ~Copyable {
  let path: String
  let size: Int
  private let descriptor: Int32

  init(_ path: String, limit: Int) throws(FileError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else {
      size = 0
      throw .system(path: path, action: "open", code: errno)
    }
    var status = stat()
    let known = unsafe fstat(descriptor, &status) == 0
    size = Int(status.st_size)
    guard known else { throw .system(path: path, action: "open", code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unusable(path: path, reason: "not a regular file") }
    guard size <= limit else { throw .unusable(path: path, reason: "\(size) bytes, more than \(limit)") }
  }

  /// Its first `count` bytes.
  func bytes(_ count: Int) throws(FileError) -> [UInt8] {
    if count >= Self.large { try checkMemory(count) }
    return try [UInt8](capacity: count) { (bytes) throws(FileError) in
      try unsafe bytes.withUnsafeMutableBufferPointer { (buffer, filled) throws(FileError) in
        while filled < count {
          let rest = unsafe UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<count])
          filled += try unsafe read(rest, at: filled)
        }
      }
    }
  }

  /// From here on memory may be lacking: checkpoints are so large, images are not.
  private static let large = 1 << 24

  /// An array that finds no memory ends the process, so it is asked for beforehand whether there is some.
  private func checkMemory(_ count: Int) throws(FileError) {
    let room = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard unsafe room != MAP_FAILED else { throw .system(path: path, action: "read", code: errno) }
    unsafe munmap(room, count)
  }

  /// Reads as many bytes from a position on as come at once, at least one.
  private func read(_ buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(FileError) -> Int {
    while true {
      let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, position)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(path: path, action: "read", code: errno) }
      guard count > 0 else {
        throw .unusable(
          path: path, reason: "it was shortened while being read, from \(size) bytes to at most \(position)")
      }
      return count
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
