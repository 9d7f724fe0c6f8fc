import Glibc

/// Text under /proc and /sys, which the kernel makes up as it is read. Such files say that they are empty, so they are
/// read until they end.
public enum ProcFile {
  /// No such file is longer, but one that never ends must not fill the memory.
  private static let sizeLimit = 1 << 20

  /// The file's lines; none where it does not exist or cannot be read.
  public static func lines(_ path: String) -> [String] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var (text, block) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
    while text.count < sizeLimit {
      let count = unsafe Glibc.read(descriptor, &block, block.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      text += block[..<count]
    }
    return text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }
}
