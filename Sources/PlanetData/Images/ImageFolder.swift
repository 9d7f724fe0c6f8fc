import Files
import Glibc

/// The images of a folder: its files of the right suffix. Folders within are not entered, and hidden files, such as
/// systems leave (`._a.jpg`), do not count.
///
/// Names are compared as Unicode compares them, since one system writes é as one code point and another as two, and what
/// is opened is the name on disk.
public struct ImageFolder: Sendable {
  let path: String
  /// File names, ordered by their bytes.
  let files: [String]
  /// What is wrong with names, one error for each.
  let problems: [DatasetError]
  private let suffix: String?
  private let named: [String: String]
  /// Every visible name, for hints.
  private let visible: [String]

  /// - Parameter suffix: how image files end, in exactly these letters; nil for `.jpg` and `.jpeg`, in any case.
  init(_ path: String, suffix: String? = nil) throws(DatasetError) {
    let names = try Self.listing(path).filter { $0.first != UInt8(ascii: ".") }
      .sorted { $0.lexicographicallyPrecedes($1) }
    var (files, visible, problems): ([String], [String], [DatasetError]) = ([], [], [])
    var named: [String: String] = [:]
    for bytes in names {
      let stem = Self.stem(bytes, suffix)
      guard let name = String(validating: bytes, as: UTF8.self) else {
        if stem != nil { problems.append(.nameIsNotText(folder: path, name: FilePath.escaped(bytes))) }
        continue
      }
      visible.append(name)
      guard let stem else { continue }
      files.append(name)
      let key = String(decoding: stem, as: UTF8.self)
      if let other = named[key] {
        problems.append(.sameName(key, paths: [FilePath.join(path, other), FilePath.join(path, name)]))
      } else {
        named[key] = name
      }
    }
    (self.path, self.suffix, self.files, self.visible) = (path, suffix, files, visible)
    (self.named, self.problems) = (named, problems)
  }

  /// The file of the image that a label file calls `name`, with or without suffix.
  func file(_ name: String) -> String? { named[stem(of: name)] }

  /// What the label file's `name` is without suffix.
  func stem(of name: String) -> String { Self.stem(ofName: name, suffix) }

  /// The files that the images called so would be, and what is there instead, if anything is.
  func missing(_ names: [String]) -> [(file: String, hint: String)] {
    let near = names.isEmpty ? [:] : Dictionary(visible.map { (Self.rough($0), $0) }) { first, _ in first }
    return names.map { name in
      (stem(of: name) + (suffix ?? ImageFormat.suffixes[0]), near[Self.rough(name)].map { "\($0) is there" } ?? "")
    }
  }

  static func stem(ofName name: String, _ suffix: String?) -> String {
    stem(Array(name.utf8), suffix).map { String(decoding: $0, as: UTF8.self) } ?? name
  }

  /// What is before the suffix; nil without one.
  private static func stem(_ name: [UInt8], _ suffix: String?) -> ArraySlice<UInt8>? {
    if let suffix { return name.ends(with: suffix.utf8) ? name.dropLast(suffix.utf8.count) : nil }
    let lowered = name.suffix(ImageFormat.longestSuffix).map { (65...90).contains($0) ? $0 + 32 : $0 }
    return ImageFormat.suffixes.first { lowered.ends(with: $0.utf8) }.map { name.dropLast($0.utf8.count) }
  }

  /// A name without case, suffix and the blanks around it.
  private static func rough(_ name: String) -> String {
    let bytes = FilePath.stem(of: name).lowercased().utf8
    guard let first = bytes.firstIndex(where: { $0 > 0x20 }), let last = bytes.lastIndex(where: { $0 > 0x20 }) else {
      return ""
    }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }

  /// The bytes of every name in a folder.
  static func listing(_ path: String) throws(DatasetError) -> [[UInt8]] {
    do { return try Folder.names(path) } catch {
      guard case .system(_, _, ENOTDIR) = error else { throw .unreadable(path: path, reason: error.reason) }
      throw .noFolder(path: path, kind: (try? FileKind.describe(InputFile.beginning(path))) ?? "a file")
    }
  }
}

/// Images without labels.
extension ImageFolder {
  /// The images of a folder, in the order of their names.
  public static func list(_ folder: String) throws(DatasetError) -> [Sample] {
    let images = try ImageFolder(folder)
    if let problem = images.problems.first { throw problem }
    guard !images.files.isEmpty else { throw .noImages(folder: folder) }
    return images.files.map { Sample(name: images.stem(of: $0), path: FilePath.join(folder, $0)) }
  }

  /// The images of several folders, one folder after the other.
  ///
  /// - Throws: also if two have one name: rows of a table could not be told apart.
  public static func list(_ folders: [String]) throws(DatasetError) -> [Sample] {
    var samples: [Sample] = []
    var paths: [String: String] = [:]
    for folder in folders {
      for sample in try list(folder) {
        if let other = paths.updateValue(sample.path, forKey: sample.name) {
          throw .sameName(sample.name, paths: [other, sample.path])
        }
        samples.append(sample)
      }
    }
    return samples
  }
}

extension BidirectionalCollection where Element: Equatable {
  fileprivate func ends(with end: some BidirectionalCollection<Element>) -> Bool {
    reversed().starts(with: end.reversed())
  }
}
