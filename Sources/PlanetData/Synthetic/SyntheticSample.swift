import Compute
import Files
import Glibc

/// A dataset to try the program on where the real one is not at hand: drawn, deterministic, and saying so.
public enum SyntheticSample {
  /// Writes `train-jpg/train_0.jpg`… with `train_v2.csv`, `test-jpg/test_0.jpg`… without labels (one for every ten, at
  /// least four), and `README.txt`.
  ///
  /// - Parameters:
  ///   - folder: does not exist yet, or is empty.
  ///   - count: number of labelled chips, at least 1.
  ///   - seed: another seed draws other chips.
  ///   - size: side of a chip in pixels; Planet's have 256.
  public static func write(to folder: String, count: Int, seed: UInt64 = 42, size: Int = 256) throws(DatasetError) {
    precondition(count > 0 && size >= 8 && size <= JPEG.maximumSide, "\(count) chips of \(size) pixels")
    do throws(FileError) {
      try NewFolder.write(to: folder) { (folder) throws(FileError) in
        try draw(count, seed: seed, size: size, into: folder)
      }
    } catch {
      throw error.code == ENOTEMPTY ? .notEmpty(folder: folder) : .unwritable(path: folder, reason: error.reason)
    }
  }

  private static func draw(_ count: Int, seed: UInt64, size: Int, into folder: String) throws(FileError) {
    var table = CSV.line(["image_name", "tags"])
    for i in 0..<count {
      let tags = try chip(i, part: 0, seed: seed, size: size, to: "\(folder)/train-jpg/train_\(i).jpg")
      table += CSV.line(["train_\(i)", tags.sorted().joined(separator: " ")])
    }
    for i in 0..<max(4, count / 10) {
      _ = try chip(i, part: 1, seed: seed, size: size, to: "\(folder)/test-jpg/test_\(i).jpg")
    }
    try AtomicFile.write(readme, to: folder + "/README.txt")
    try AtomicFile.write(table, to: folder + "/train_v2.csv")
  }

  private static func chip(
    _ index: Int, part: Int, seed: UInt64, size: Int, to path: String
  ) throws(FileError) -> Set<String> {
    var random = RandomSource(seed: seed, purpose: .synthetic, index, part)
    let tags = SyntheticTags.draw(&random)
    let image = SyntheticChip.draw(tags, size: size, random: random)
    guard let bytes = JPEG.encode(image, quality: 85) else { throw .system(path: path, action: "encode", code: ENOMEM) }
    try AtomicFile.write(bytes, to: path)
    return tags
  }

  private static let readme = """
    These pictures are synthetic: drawn by a program, not taken by a satellite.

    They have the 17 labels of Kaggle's "Planet: Understanding the Amazon from Space", about as often and as often
    together as there (the seven rarest are more frequent), and each picture shows what its labels say. They serve to try
    the program; what a network learns from them says nothing about real chips.

      train_v2.csv   image_name,tags
      train-jpg/     the labelled chips
      test-jpg/      chips without labels, to predict

    """
}
