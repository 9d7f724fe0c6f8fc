import PlanetData
public import Recipes
public import Scores

/// Which images of labelled data networks are judged on, and what there is to say about that.
public struct JudgedImages: Codable, Equatable, Sendable {
  /// What was asked for.
  public enum Choice: Equatable, Sendable {
    /// The images that the runs of all networks held out.
    case heldOut
    /// Every image: a test set of one's own.
    case all
    /// What a split holds out; a nil is as the first network's run had it.
    case split(validPct: Double?, seed: UInt32?)
  }

  /// A saved network's file, and what it says of its data.
  public typealias Source = (path: String, origin: DataOrigin)

  /// Places in the data, in the order drawn.
  public let indices: [Int]
  /// What the user should know of the scores.
  public let warnings: [String]

  /// - Parameters:
  ///   - names: the images', in the data's order.
  ///   - networks: what is judged, one or more.
  /// - Throws: if the images asked for are none, or cannot be told.
  public init(_ choice: Choice, among names: [String], networks: [Source]) throws(InferenceError) {
    var warnings: [String] = []
    switch choice {
    case .heldOut: (indices, warnings) = try Self.heldOut(names, networks)
    case .all: indices = Array(names.indices)
    case .split(let validPct, let seed):
      let first = networks.first?.origin
      indices =
        Split(
          count: names.count, validPct: validPct ?? first?.validPct ?? Recipe.validPct,
          seed: seed ?? first?.splitSeed ?? Recipe.splitSeed
        ).valid
    }
    let judged = Set(indices)
    for network in networks {
      let trained = judged.intersection(network.origin.trained(among: names)).count
      if trained > 0 { warnings.append(Self.flattered(network, trained, of: judged.count)) }
    }
    self.warnings = warnings
  }

  /// What the runs of all networks held out, in the first one's order.
  private static func heldOut(_ names: [String], _ networks: [Source]) throws(InferenceError) -> ([Int], [String]) {
    var (parts, warnings): ([[Int]], [String]) = ([], [])
    for (path, origin) in networks {
      guard let part = origin.heldOut(among: names) else {
        let (heldOut, here) = (origin.images?.heldOut ?? [], Set(names))
        throw .otherData(
          path: path, images: names.count, known: heldOut.count { here.contains($0) }, made: origin.images?.count ?? 0,
          heldOut: heldOut.count, place: origin.place?.labels)
      }
      if part.isEmpty { throw .nothingHeldOut(path: path) }
      parts.append(part)
      if origin.images == nil {
        warnings.append(
          "\(path) does not name its images: taken for those that its run held out are what its split (valid_pct "
            + "\(origin.validPct), split_seed \(origin.splitSeed)) holds out of these data")
      }
    }
    let common = parts.dropFirst().reduce(parts.first ?? []) { common, part in common.filter(Set(part).contains) }
    if common.isEmpty { throw .nothingInCommon(paths: networks.map(\.path)) }
    if parts.contains(where: { $0.count != common.count }) {
      warnings.append("the runs split differently: judged on the \(common.count) images that all of them held out")
    }
    return (common, warnings)
  }

  private static func flattered(_ network: Source, _ trained: Int, of judged: Int) -> String {
    network.origin.images == nil
      ? "\(network.path) does not name its images: if these are its data, it was trained on \(trained) of the "
        + "\(judged) evaluated, which flatters it"
      : "\(network.path) was trained on \(trained) of the \(judged) images evaluated, which flatters it"
  }

  /// What to know of a score that thresholds reach which were chosen on some of the images; nil if on none of them.
  public func warning(about thresholds: Thresholds, from path: String, among names: [String]) -> String? {
    let chosenOn = Set(thresholds.origin?.images?.heldOut ?? [])
    let known = indices.count { chosenOn.contains(names[$0]) }
    return known == 0
      ? nil
      : "\(path) was chosen on \(known) of the \(indices.count) images evaluated, which flatters the given thresholds"
  }
}
