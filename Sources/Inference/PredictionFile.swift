import Checkpoints
import Files
import Foundation

/// The file beside its output in which an unfinished prediction is kept: a safetensors file, of which rank 0 alone reads
/// and writes.
struct PredictionFile {
  let path: String
  /// All that decides the probabilities, by its keys in the file: the unfinished prediction of another command must not
  /// be continued.
  let identity: [String: String]
  /// Bounds of its progress.
  let passes: Int
  let images: Int
  let labels: Int

  private static let format = "planet-dist prediction 1"

  /// What is there to continue from; nil if nothing.
  func read() throws -> PredictionProgress? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try open()
    guard file.metadata["format"] == Self.format, let text = file.metadata["identity"],
      let saved = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    else { throw problem("not an unfinished prediction") }
    // Files have the options' names in these keys; the message leaves them to whoever knows the options.
    let differences = identity.keys.filter { saved[$0] != identity[$0] }.sorted().map { $0.parts(by: "(")[0].trimmed }
    guard differences.isEmpty else {
      throw problem("holds the unfinished prediction of other \(differences.joined(separator: ", "))")
    }
    guard let passes = file.metadata["passes"].flatMap({ Int($0) }), (0...self.passes).contains(passes),
      let done = file.metadata["images"].flatMap({ Int($0) }), (0...images).contains(done),
      let sums = file.tensors["sums"]?.values, sums.count == 2 * images * labels
    else { throw problem("its progress is not within its images") }
    let progress = PredictionProgress(passes: passes, images: done, sums: Self.doubles(sums))
    // The weights add up to 1 but for rounding.
    guard progress.sums.allSatisfy({ (0...1.001).contains($0) }) else { throw problem("has what is no probability") }
    return progress
  }

  private func open() throws -> TensorFile {
    do {
      return try SafeTensors.read(path)
    } catch {
      if case .damaged(_, let reason) = error { throw problem("damaged: \(reason)") }
      throw error
    }
  }

  private func problem(_ reason: String) -> InferenceError { .otherPrediction(path: path, reason: reason) }

  /// Replaces the file.
  func write(_ progress: PredictionProgress) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let metadata = [
      "format": Self.format, "passes": String(progress.passes), "images": String(progress.images),
      "identity": String(decoding: try encoder.encode(identity), as: UTF8.self),
    ]
    // A prediction that was interrupted ends with the same bytes as one that was not, so the sums keep all their bits: the
    // file's numbers are fp32, and the two halves of a Double travel as two of them.
    try unsafe progress.sums.withUnsafeBytes { bytes in
      try unsafe bytes.withMemoryRebound(to: Float.self) { halves in
        try unsafe SafeTensors.write([("sums", [images, labels, 2], halves)], metadata: metadata, to: path)
      }
    }
  }

  private static func doubles(_ halves: [Float]) -> [Double] {
    unsafe halves.withUnsafeBytes { unsafe Array($0.bindMemory(to: Double.self)) }
  }

  /// Removes it, and what a killed save of it left behind.
  func remove() {
    try? FileManager.default.removeItem(atPath: path)
    AtomicFile.removeLeftovers(in: FilePath.folder(of: path)) {
      $0 == FilePath.name(of: path)
    }
  }
}
