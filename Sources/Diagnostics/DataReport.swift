public import Collectives
public import Compute
import Foundation
public import PlanetData
public import Recipes

/// Everything about a dataset that is better known before hours are spent on it.
public struct DataReport: Codable, Equatable, Sendable {
  /// The label file, and the folder of images.
  public let labelFile: String
  public let imageFolder: String
  /// Rows that can be used; how many train, and how many validate.
  public let rows: Int
  public let train: Int
  public let valid: Int
  /// Images opened.
  public let images: Int
  /// Width and height of most images.
  public let imageSize: [Int]?
  public let labels: [LabelCount]
  /// By kind, the worst first; within a kind in the label file's order.
  public let findings: [Finding]

  /// Whether training would stop at something.
  public var hasErrors: Bool { findings.contains { $0.kind.isError } }

  /// Reads the label file on rank 0 and every image on one of the ranks. Nothing is changed. Collective.
  ///
  /// - Parameters:
  ///   - recipe: what is to be trained.
  ///   - advice: what to do about an error that becomes a finding; nil for nothing.
  /// - Returns: the same for every number of ranks, on rank 0; nil on the others.
  /// - Throws: on all ranks, if the label file or the folder of images cannot be read at all.
  public static func make(
    _ location: @autoclosure () throws -> DataLocation, for recipe: Configuration, threads: Threads,
    communicator: Communicator, advice: (any Error) -> String? = { _ in nil }
  ) throws -> DataReport? {
    let inventory = try communicator.onRoot {
      try DataInventory(location(), validPct: recipe.validPct, splitSeed: recipe.splitSeed, advice: advice)
    }
    let shared = try communicator.fromRoot {
      Work(folder: inventory?.location.images ?? "", images: inventory?.images ?? [])
    }
    let share = EpochOrder.share(of: shared.images.count, rank: communicator.rank, worldSize: communicator.size)
    let scanned = ImageFacts.scan(shared.images[share], in: shared.folder, threads: threads)
    guard let parts = try communicator.gather(Array(JSONEncoder().encode(scanned))), let inventory else { return nil }
    let facts = try parts.flatMap { try JSONDecoder().decode([ImageFacts].self, from: Data($0)) }
    return DataReport(inventory, facts, recipe, ranks: communicator.size, advice: advice)
  }

  private init(
    _ inventory: DataInventory, _ facts: [ImageFacts], _ recipe: Configuration, ranks: Int,
    advice: (any Error) -> String?
  ) {
    (labelFile, imageFolder) = (inventory.location.labels, inventory.location.images)
    (rows, train, valid, images) = (inventory.rows, inventory.train, inventory.valid, facts.count)
    imageSize = ImageFacts.usualSize(facts)
    labels = inventory.labels
    var findings = inventory.findings(facts)
    let trained = labels.count { $0.train > 0 }
    if rows > 0 {
      findings += recipe.obstacles(train: train, valid: valid, labels: trained, ranks: ranks)
        .map { obstacle in Finding(.untrainable, "\(obstacle)" + (advice(obstacle).map { " " + $0 } ?? "")) }
    }
    self.findings = Finding.Kind.allCases.flatMap { kind in findings.filter { $0.kind == kind } }
  }

  /// What rank 0 tells the others.
  private struct Work: Codable {
    let folder: String
    let images: [String]
  }
}
