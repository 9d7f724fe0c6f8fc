import Checkpoints
public import Collectives
public import Compute
import Foundation
public import PlanetData
import ResNet

/// A saved network ready to be used on images, shared among the ranks. Rank 0 reads the file.
public final class Predictor {
  public let labels: [String]
  /// Side of the images the network was trained on, and is given.
  public let size: Int
  private let communicator: Communicator
  private let evaluation: Evaluation

  /// - Parameters:
  ///   - path: a saved stage.
  ///   - batchSize: images in memory at a time, on each rank.
  public init(
    model path: String, batchSize: Int, communicator: Communicator, engine: Engine, loaderThreads: Int
  ) throws {
    self.communicator = communicator
    var model: ModelFile?
    try communicator.agree { if communicator.rank == 0 { model = try ModelFile(path: path) } }
    let facts = try JSONEncoder().encode(Facts(labels: model?.labels ?? [], size: model?.size ?? 0))
    let shared = try JSONDecoder().decode(Facts.self, from: Data(communicator.broadcast(Array(facts))))
    (labels, size) = (shared.labels, shared.size)
    let parameters = Parameters(labels: labels.count)
    model?.load(into: parameters)
    try communicator.broadcast(UnsafeMutableRawBufferPointer(parameters.values))
    try communicator.broadcast(UnsafeMutableRawBufferPointer(parameters.runningStatistics))
    let network = ResNet50(parameters, imageSize: size, batch: batchSize, engine: engine)
    evaluation = Evaluation(network: network, communicator: communicator, loaderThreads: loaderThreads)
  }

  /// A line of a CSV file (RFC 4180).
  static func line(_ cells: [String]) -> String {
    let quoted = cells.map { cell in
      cell.contains { ",\"\n\r".contains($0) } ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }
    return quoted.joined(separator: ",") + "\n"
  }

  private struct Facts: Codable {
    let labels: [String]
    let size: Int
  }

  /// Loss and metrics over the dataset's images `indices`, the same for every number of ranks. Collective.
  public func metrics(_ indices: [Int], of dataset: Dataset) throws -> Metrics {
    try communicator.verifyIdentical(dataset.fingerprint, what: "data")
    guard case .finished(let metrics?) = try evaluation.metrics(indices, of: dataset) else {
      throw TrainingError.nothingToEvaluate
    }
    guard metrics.loss.isFinite else { throw TrainingError.notFiniteModel }
    return metrics
  }

  /// Writes a CSV file of one row per image, in their order: `image_name,tags`, or a column with each label's
  /// probability. Collective; rank 0 writes, all or nothing.
  public func predict(_ samples: [Sample], probabilities: Bool, threshold: Double, to path: String) throws {
    var names = Fingerprint()
    for sample in samples { names.add(sample.name) }
    try communicator.verifyIdentical(names.value, what: "list of images")
    try communicator.agree { if communicator.rank == 0 { try AtomicFile.prepareFolder(of: path) } }
    var rows = ""
    _ = try evaluation.run(Array(samples.indices), of: samples, labels: labels.count) { batch, logits, _ in
      for n in 0..<batch.count {
        let values = logits.floats[n * labels.count..<(n + 1) * labels.count].map { 1 / (1 + exp(-Double($0))) }
        let cells =
          probabilities
          ? values.map { String(format: "%.7f", $0) }
          : [zip(labels, values).filter { $0.1 > threshold }.map(\.0).joined(separator: " ")]
        rows += Self.line([samples[batch.indices[n]].name] + cells)
      }
    }
    let gathered = try communicator.gather(Array(rows.utf8))
    try communicator.agree {
      guard let gathered else { return }
      let header = Self.line(["image_name"] + (probabilities ? labels : ["tags"]))
      try AtomicFile.write(header + String(decoding: gathered.joined(), as: UTF8.self), to: path)
    }
  }
}
