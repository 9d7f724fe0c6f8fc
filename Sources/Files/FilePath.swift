import Glibc

/// Parts of a path, by bytes: whatever a name holds, only `/` divides it.
public enum FilePath {
  /// What is before the last component; empty where there is none, which means the working folder.
  public static func folder(of path: String) -> String {
    let (folder, _) = split(path)
    return folder
  }

  /// The last component: "state" of "runs/state" and of "runs/state/".
  public static func name(of path: String) -> String {
    let (_, name) = split(path)
    return name
  }

  /// The last component without what follows its last dot; a name that begins with its only dot is whole.
  public static func stem(of path: String) -> String {
    let name = Array(name(of: path).utf8)
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return FilePath.name(of: path) }
    return String(decoding: name[..<dot], as: UTF8.self)
  }

  /// What follows the last dot of the last component, in lower case; empty where nothing does.
  public static func suffix(of path: String) -> String {
    let name = Array(name(of: path).utf8)
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return "" }
    return String(decoding: name[(dot + 1)...], as: UTF8.self).asciiLowercased
  }

  /// `name` in `folder`; in the working folder where that is empty.
  public static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.utf8.last == slash ? folder + name : folder + "/" + name
  }

  /// The path from the root on: a relative one begins in the working folder.
  public static func absolute(_ path: String) -> String {
    guard path.utf8.first != slash, let folder = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(folder) }
    return unsafe join(String(cString: folder), path)
  }

  private static let slash = UInt8(ascii: "/")

  private static func split(_ path: String) -> (folder: String, name: String) {
    var bytes = Array(path.utf8)[...]
    while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    guard let cut = bytes.lastIndex(of: slash) else { return ("", String(decoding: bytes, as: UTF8.self)) }
    let name = String(decoding: bytes[(cut + 1)...], as: UTF8.self)
    return (cut == 0 ? "/" : String(decoding: bytes[..<cut], as: UTF8.self), name)
  }
}

extension FilePath {
  /// A name that is not UTF-8, for people: `caf\xe9.jpg`.
  public static func escaped(_ name: some Sequence<UInt8>) -> String {
    name.map { byte in
      (0x20..<0x7F).contains(byte)
        ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
