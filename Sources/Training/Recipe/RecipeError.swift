import Yams

/// What is wrong with a recipe's file.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  public let path: String
  /// From 1; nil if it is the file as a whole.
  public let line: Int?
  public let reason: String

  public init(path: String, line: Int?, reason: String) { (self.path, self.line, self.reason) = (path, line, reason) }

  init(path: String, _ error: YamlError) {
    let (line, reason): (Int?, String) =
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        (mark.line, problem)
      case .duplicatedKeysInMapping(let duplicates, _):
        (nil, "\(duplicates.map { "\($0)" }.joined(separator: ", ")) is set twice")
      default: (nil, "\(error)")
      }
    self.init(path: path, line: line, reason: "not YAML: \(reason)")
  }

  public var description: String {
    "\(path)\(line.map { ", line \($0)" } ?? ""): \(reason). launch/recipes/planet.yaml shows how a recipe is written."
  }
}
