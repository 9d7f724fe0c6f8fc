public import Collectives
public import Compute
import Recipes
import Runs

/// Saved networks whose probabilities are to be averaged. Rank 0 reads them, and alone holds their weights, 100 MB each.
public struct SavedNetworks {
  /// What all of them tell.
  public let labels: [String]
  /// Side of the images each was trained on.
  public let sizes: [Int]
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
    try communicator.checkMemory(evaluating: 0, size: 0, precision: .fp32, models: paths.count)
    let models = try communicator.onRoot { try Self.read(paths) } ?? []
    let shared = try communicator.fromRoot {
      Shared(
        labels: models.first?.labels ?? [], sizes: models.map(\.size), precisions: Set(models.map(\.origin.precision)))
    }
    (self.models, labels, sizes) = (models, shared.labels, shared.sizes)
    agreeOnPrecision = shared.precisions.count <= 1
    precision = agreeOnPrecision ? shared.precisions.first ?? .fp32 : .fp32
  }

  /// Their files, and what those say of their data; on rank 0.
  public var origins: [JudgedImages.Network] { models.map { ($0.path, $0.origin) } }

  private struct Shared: Codable {
    let labels: [String]
    let sizes: [Int]
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
