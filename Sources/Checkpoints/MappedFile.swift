import Foundation

/// A file as read-only memory, so that a large one is not held twice.
///
/// A file that another process shortens meanwhile ends this process with SIGBUS; ours are only ever replaced by
/// renaming, which leaves the mapped one as it was.
enum MappedFile {
  /// What `parse` makes of the bytes of the file at `path`. They are gone when it returns.
  static func read<Result>(
    _ path: String, _ parse: (UnsafeRawBufferPointer) throws(FormatError) -> Result
  ) throws(CheckpointError) -> Result {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, action: "open", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, action: "open", code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unsupported(path: path, reason: "not a regular file") }
    let size = Int(status.st_size)
    guard size > 0 else { throw .damaged(path: path, reason: "it is empty") }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw .system(path: path, action: "map", code: errno)
    }
    defer { munmap(address, size) }
    do { return try parse(UnsafeRawBufferPointer(start: address, count: size)) } catch { throw error.at(path) }
  }
}
