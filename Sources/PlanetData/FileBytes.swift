import Glibc

/// Why a file could not be read, in the system's words.
package struct FileProblem: Error {
  package let reason: String

  package init(reason: String) { self.reason = reason }

  /// The reason for the system call that just failed.
  static var last: FileProblem { FileProblem(reason: String(cString: strerror(errno))) }
}

/// The bytes of a regular file of at most `limit` bytes.
///
/// Pipes and devices are refused (their size says nothing, and reading may never end), without waiting for a writer.
package func readFile(_ path: String, limit: Int) throws(FileProblem) -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard file >= 0 else { throw .last }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0 else { throw .last }
  guard status.st_mode & S_IFMT == S_IFREG else { throw FileProblem(reason: "not a file") }
  let size = Int(status.st_size)
  guard size <= limit else { throw FileProblem(reason: "\(size) bytes, more than \(limit)") }

  var failed = false
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
    while filled < size, let rest = buffer.baseAddress.map({ $0 + filled }) {
      let count = read(file, rest, size - filled)
      if count < 0 && errno == EINTR { continue }
      failed = count < 0
      if count <= 0 { break }
      filled += count
    }
  }
  guard !failed else { throw .last }
  return bytes
}
