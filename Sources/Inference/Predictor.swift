import Collectives
public import Compute
import Files
import Foundation
public import PlanetData
import ResNet
import Runs
public import Scores

/// Saved networks ready to be used on images, shared among the ranks: probabilities are averaged over networks and views.
///
/// One network is in use at a time; the others wait in rank 0's memory.
public final class Predictor {
  public let networks: SavedNetworks
  let worker: Worker
  private let tta: TTA
  private let seed: UInt32
  private let batchSize: Int
  private var current: (model: Int, network: Network)?

  /// - Parameters:
  ///   - tta: the views of an image to average over.
  ///   - seed: of fastai's random views.
  ///   - batchSize: images in memory at a time, on each rank.
  public init(
    _ networks: SavedNetworks, tta: TTA = .none, seed: UInt32 = 1, batchSize: Int, worker: Worker
  ) throws {
    (self.networks, self.tta, self.seed) = (networks, tta, seed)
    (self.batchSize, self.worker) = (batchSize, worker)
    for (architecture, size) in zip(networks.architectures, sizes) {
      try communicator.checkMemory(
        evaluating: architecture, images: batchSize, size: size, precision: engine.precision,
        waiting: networks.architectures)
    }
  }

  /// What the networks are computed in.
  public var precision: Precision { worker.engine.precision }
  var communicator: Communicator { worker.communicator }
  private var engine: Engine { worker.engine }

  /// Names of the columns.
  public var labels: [String] { networks.labels }
  /// Side of the images each network was trained on, and is given.
  public var sizes: [Int] { networks.sizes }

  /// One network's look at one view of every image.
  struct Look {
    let model: Int
    let view: TTA.View
  }

  var looks: [Look] {
    sizes.indices.flatMap { model in tta.views(seed: seed).map { Look(model: model, view: $0) } }
  }

  /// Takes the looks that are not done yet, or a part of them.
  ///
  /// - Parameters:
  ///   - progress: where to begin, and what is done when this returns, or throws.
  ///   - stop: whether this rank was asked to stop.
  ///   - afterRound: given the progress, and the logits of the images that were added. Must not communicate.
  /// - Returns: false if any rank was asked to stop before the end.
  func run(
    _ indices: [Int], of samples: [Sample], from progress: inout PredictionProgress, stop: () -> Bool = { false },
    afterRound: (PredictionProgress, [Float]) throws -> Void
  ) throws -> Bool {
    for look in looks.dropFirst(progress.passes) {
      let evaluation = Evaluation(network: try network(look.model), worker: worker)
      let (first, weight) = (progress.images, look.view.weight / Double(sizes.count))
      let isDone = try evaluation.run(
        Array(indices[first...]), of: samples, labels: labels.count, augmentation: look.view.augmentation, stop: stop
      ) { place, logits in
        guard logits.allSatisfy(\.isFinite) else { throw InferenceError.notFiniteModel }
        let start = (first + place) * labels.count
        for (i, logit) in logits.enumerated() { progress.sums[start + i] += weight * Predictions.sigmoid(logit) }
        progress.images = first + place + logits.count / labels.count
        try afterRound(progress, logits)
      }
      guard isDone else { return false }
      (progress.passes, progress.images) = (progress.passes + 1, 0)
    }
    return true
  }

  /// The network with a model's weights, in place of the one in use.
  private func network(_ model: Int) throws -> Network {
    if let current, current.model == model { return current.network }
    current = nil
    let parameters = Parameters(labels: labels.count, architecture: networks.architectures[model])
    if communicator.rank == 0 { networks.models[model].load(into: parameters) }
    try communicator.broadcast(parameters)
    let network = Network(parameters, imageSize: sizes[model], batch: batchSize, engine: engine)
    try network.packTogether(among: communicator)
    current = (model, network)
    return network
  }

  /// Predictions for the dataset's images `indices`, the same for every number of ranks. Collective.
  public func predictions(_ indices: [Int], of dataset: Dataset) throws -> Predictions {
    try communicator.verifyIdentical(dataset.fingerprint, what: "data")
    try communicator.verifySameImages(indices.map { dataset.images[$0] })
    try communicator.agree { if indices.isEmpty { throw InferenceError.nothingToEvaluate } }
    var progress = PredictionProgress(images: indices.count, labels: labels.count)
    var logits: [Float] = []
    let isSingle = looks.count == 1
    _ = try run(indices, of: dataset.images, from: &progress) { if isSingle { logits += $1 } }
    return isSingle
      ? Predictions(logits: logits, of: indices, in: dataset)
      : Predictions(probabilities: progress.sums, of: indices, in: dataset)
  }

  /// All that decides the probabilities of images of these names, by the keys it has in files. Only rank 0's is complete,
  /// since it alone holds the checkpoints. Images count by name, not by content: a broken one may be repaired before the
  /// prediction goes on.
  func identity(_ names: Fingerprint) -> [String: String] {
    [
      "checkpoints": networks.models.map { String($0.fingerprint, radix: 16) }.joined(separator: " "),
      "images": String(names.value, radix: 16),
      "views (--tta, --seed)": tta == .fastai ? "fastai \(seed)" : tta.rawValue,
      "arithmetic (--precision, instruction set)": "\(engine.precision), \(worker.rounding)",
    ]
  }
}
