public import Collectives
public import Compute
import Recipes
import ResNet
import Runs

/// Saved networks whose probabilities are to be averaged. Rank 0 reads them, and alone holds their weights, 100 to
/// 240 MB each.
public struct SavedNetworks {
  /// What all of them tell.
  public let labels: [String]
  /// Side of the images each was trained on.
  public let sizes: [Int]
  /// What each of them is; they need not be alike.
  let architectures: [Architecture]
  /// What they were trained in; fp32 if not all in the same.
  public let precision: Precision
  /// Whether all were trained in ``precision``.
  public let agreeOnPrecision: Bool
  /// On rank 0.
  let models: [ModelFile]

  /// Collective.
  ///
  /// - Parameter paths: saved stages, of the same labels.
  public init(_ paths: [String], communicator: Communicator) throws {
    // What they are is not known before they are read: the smallest there is.
    let smallest = Architecture.allCases[0]
    try communicator.checkMemory(
      evaluating: smallest, images: 0, size: 0, precision: .fp32, waiting: paths.map { _ in smallest })
    let models = try communicator.onRoot { try Self.read(paths) } ?? []
    let shared = try communicator.fromRoot {
      Shared(
        labels: models.first?.labels ?? [], sizes: models.map(\.size), architectures: models.map(\.architecture),
        precisions: Set(models.map(\.origin.precision)))
    }
    (self.models, labels, sizes, architectures) = (models, shared.labels, shared.sizes, shared.architectures)
    agreeOnPrecision = shared.precisions.count <= 1
    precision = agreeOnPrecision ? shared.precisions.first ?? .fp32 : .fp32
  }

  /// Their files, and what those say of their data; on rank 0.
  public var origins: [JudgedImages.Source] { models.map { ($0.path, $0.origin) } }

  private struct Shared: Codable {
    let labels: [String]
    let sizes: [Int]
    let architectures: [Architecture]
    let precisions: Set<Precision>
  }

  private static func read(_ paths: [String]) throws -> [ModelFile] {
    let models = try paths.map { try ModelFile(path: $0) }
    for (path, model) in zip(paths, models) where model.labels != models[0].labels {
      throw InferenceError.differentLabels(path: path, from: paths[0])
    }
    return models
  }
}
