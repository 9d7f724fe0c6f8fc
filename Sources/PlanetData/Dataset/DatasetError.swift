import Files

/// What can be wrong with a folder of data: its label file, its images, or where they are looked for.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  /// A file or folder cannot be read; `reason` is the system's.
  case unreadable(path: String, reason: String)
  /// A line of the label file, counted from 1, does not say what a label file says.
  case malformed(path: String, line: Int, reason: String)
  /// Something other than a space separates the tags of the label file: `mark`, or nil for what cannot.
  case otherSeparator(path: String, line: Int, reason: String, mark: String?)
  /// The folder has no label file of these names.
  case noLabelFile(folder: String, names: [String])
  /// The folder has no folder of images of these names.
  case noImageFolder(folder: String, names: [String])
  /// The label file names images that the folder lacks; `first` are some of their files, with what is there instead.
  case missingImages(folder: String, count: Int, total: Int, first: [String])
  /// The folder has no image.
  case noImages(folder: String)
  /// What should be a folder is a file, of this kind.
  case noFolder(path: String, kind: String)
  /// An image's name is not UTF-8; `name` shows its bytes.
  case nameIsNotText(folder: String, name: String)
  /// Two images have the same name.
  case sameName(String, paths: [String])
  /// A file names other images than there are: some it has no row for, or some that only it knows.
  case otherImages(path: String, missing: [String], extra: [String])
  /// A trained model knows none of the tags.
  case noKnownTag(path: String, tags: [String], labels: [String])
  /// The split leaves nothing to train on, or is no fraction.
  case emptySplit(count: Int, validPct: Double)
  /// The folder to write a sample to has files in it.
  case notEmpty(folder: String)
  /// A file or folder cannot be written; `reason` is the system's.
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)). Check the path and its permissions."
    case .malformed(let path, let line, let reason):
      "\(path), line \(line): \(reason). A label file is CSV in UTF-8 with the header image_name,tags and a row for each image."
    case .otherSeparator(let path, let line, let reason, _):
      "\(path), line \(line): \(reason)."
    case .noLabelFile(let folder, let names), .noImageFolder(let folder, let names):
      "\(folder): has no \(names.joined(separator: " or "))."
    case .missingImages(let folder, let count, let total, let first):
      "\(folder): \(count) of \(total) labelled images are missing (\(first.joined(separator: ", "))"
        + (count > first.count ? ", …" : "") + ")."
    case .noImages(let folder):
      "\(folder): has no \(ImageFormat.suffixList) file."
    case .noFolder(let path, let kind):
      "\(path): is not a folder (it is \(kind)). Give the folder that the files are in."
    case .nameIsNotText(let folder, let name):
      "\(FilePath.join(folder, name)): the name is not UTF-8 text, so no table can hold it. Rename the file."
    case .sameName(let name, let paths):
      "\(paths.joined(separator: " and ")): two images named \(name). Rename or remove one."
    case .otherImages(let path, let missing, let extra):
      "\(path): its rows are not the images given (\(Self.list(missing)) missing from the folders; "
        + "\(Self.list(extra)) without a row)."
    case .noKnownTag(let path, let tags, let labels):
      "\(path): none of its tags is a label of the model (tags: \(Self.list(tags)); labels: \(Self.list(labels)))."
    case .emptySplit(let count, let validPct):
      "valid_pct \(validPct): leaves no training image of \(count). Choose a fraction from 0 to below 1."
    case .notEmpty(let folder):
      "\(folder): is not empty. Choose a folder that does not exist yet."
    case .unwritable(let path, let reason):
      "\(path): cannot be written (\(reason)). Check free space and permissions."
    }
  }

  /// How many names, and the first hundred.
  private static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    return "\(names.count): " + names.prefix(100).joined(separator: ", ") + (names.count > 100 ? ", …" : "")
  }
}
