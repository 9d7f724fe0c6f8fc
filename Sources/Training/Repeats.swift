public import Recipes

/// Which runs of the same recipe, data, starting weights and instruction set compute the same bits (docs/determinism.md).
public enum Repeats: CustomStringConvertible, Equatable {
  /// Every number of ranks that divides the virtual ones.
  case anyRanks(VirtualRanks)
  /// As many ranks on as many hosts; the reason.
  case asManyRanks(String)

  /// - Parameters:
  ///   - isShared: whether the ranks of a host sum gradients in memory they share.
  ///   - hostsAreAlike: whether all hosts have as many ranks.
  init(_ recipe: Configuration, ranks: Int, isShared: Bool, hostsAreAlike: Bool = true) {
    let parts = recipe.virtualRanks.count
    self =
      if recipe.batchNorm == .local && ranks > 1 {
        .asManyRanks("each normalizes by its own images")
      } else if parts % ranks != 0 {
        .asManyRanks("\(ranks) ranks do not divide \(parts) virtual ranks")
      } else if ranks > 2 && !isShared {
        .asManyRanks("gradients are summed around a ring")
      } else if !hostsAreAlike {
        .asManyRanks("not all hosts have as many of them")
      } else {
        .anyRanks(recipe.virtualRanks)
      }
  }

  public var description: String {
    switch self {
    case .anyRanks(let parts):
      "repeats to the bit on "
        + VirtualRanks.allCases.map(\.count).filter { $0 <= parts.count }.map(String.init).joined(separator: ", ")
        + (parts == .one ? " rank" : " ranks")
    case .asManyRanks(let reason): "repeats to the bit on as many ranks only: \(reason)"
    }
  }
}
