import Glibc

/// What is in a folder.
public enum Folder {
  /// The names in it but `.` and `..`, in no order, byte by byte as the disk has them: a name need not be text.
  public static func names(_ path: String) throws(FileError) -> [[UInt8]] {
    guard let folder = unsafe opendir(path.isEmpty ? "." : path) else {
      throw .system(path: path, action: "list", code: errno)
    }
    defer { unsafe closedir(folder) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(folder) else { break }
      // The entry ends with its name: the 256 bytes that its type claims are not all there to be copied.
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
      let start = unsafe UnsafeRawPointer(entry) + offset
      let name = unsafe UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self)))
      if unsafe !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8) { unsafe names.append(Array(name)) }
    }
    guard errno == 0 else { throw .system(path: path, action: "list", code: errno) }
    return names
  }
}
