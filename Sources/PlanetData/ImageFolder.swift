import Foundation

/// One image of a dataset.
public struct Sample: Sendable, Equatable {
  /// Without suffix.
  public let name: String
  public let path: String
  /// The labels it has, as ascending indices into the dataset's labels.
  public let targets: [Int]

  public init(name: String, path: String, targets: [Int] = []) {
    (self.name, self.path, self.targets) = (name, path, targets)
  }
}

/// A folder of images without labels.
public enum ImageFolder {
  /// Its `.jpg` and `.jpeg` files (in any case), ordered by the bytes of their names; folders within are not entered.
  public static func list(_ folder: String) throws(DatasetError) -> [Sample] {
    let images = try names(folder)
      .filter { $0.lowercased().hasSuffix(".jpg") || $0.lowercased().hasSuffix(".jpeg") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard !images.isEmpty else { throw .noImages(folder: folder) }
    return images.map { file in
      Sample(name: String(file[..<(file.lastIndex(of: ".") ?? file.endIndex)]), path: folder + "/" + file)
    }
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

  /// Everything in a folder, in no order.
  static func names(_ folder: String) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw .unreadable(path: folder, reason: error.localizedDescription)
    }
  }
}
