import Glibc

/// A file that grows by records, each wholly in it when the call that wrote it returns; a process killed in the middle
/// leaves a torn last one. Not to be used by two threads at a time.
public final class RecordFile {
  public let path: String
  private let descriptor: Int32
  /// Bytes of whole records.
  private var length: off_t = 0

  /// Creates the first of `name.0`, `name.1`, … that does not exist, and its folder if needed.
  public init(createFirstOf name: String) throws(FileError) {
    try AtomicFile.makeFolder(FilePath.folder(of: name))
    var number = 0
    var created: Int32 = -1
    repeat {
      created = unsafe open("\(name).\(number)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      number += 1
    } while created < 0 && (errno == EEXIST || errno == EINTR)
    (path, descriptor) = ("\(name).\(number - 1)", created)
    guard created >= 0 else { throw .system(path: path, action: "create", code: errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends a record; where that fails, nothing of it stays.
  public func append(_ record: [UInt8]) throws(FileError) {
    do throws(FileError) {
      try AtomicFile.write(record, to: descriptor, path)
    } catch {
      ftruncate(descriptor, length)  // Readers would stop for good at half a record.
      lseek(descriptor, length, SEEK_SET)
      throw error
    }
    length += off_t(record.count)
  }
}
