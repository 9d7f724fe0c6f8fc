import Foundation
import Yams

/// A YAML mapping being read: what has been asked for is known, and whatever else it holds is an error.
public struct RecipeMapping {
  private let path: String
  private let line: Int?
  private let values: [(key: String, line: Int?, value: Node)]
  private var known: [String] = []

  init(_ node: Node, path: String, _ name: String? = nil) throws(RecipeError) {
    self.path = path
    line = node.mark?.line
    guard let mapping = node.mapping else {
      throw RecipeError(path: path, line: line, reason: "\(name ?? "it") must be 'key: value' lines")
    }
    var values: [(String, Int?, Node)] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw RecipeError(path: path, line: key.mark?.line, reason: "a key must be a word")
      }
      values.append((name, key.mark?.line, value))
    }
    self.values = values
  }

  func error(_ key: String, _ reason: String) -> RecipeError {
    RecipeError(path: path, line: values.first { $0.key == key }?.line ?? line, reason: "\(key) \(reason)")
  }

  /// Refuses a key that nobody asked for.
  func finish() throws(RecipeError) {
    guard let (key, line, _) = values.first(where: { !known.contains($0.key) }) else { return }
    let advice =
      Spelling.nearest(to: key, among: known).map { "did you mean '\($0)'?" }
      ?? "there are \(known.joined(separator: ", "))"
    throw RecipeError(path: path, line: line, reason: "unknown key '\(key)' (\(advice))")
  }

  private mutating func node(_ key: String) -> Node? {
    known.append(key)
    return values.first { $0.key == key }?.value
  }

  /// The single value under a key; nil where there is none.
  mutating func scalar(_ key: String) throws(RecipeError) -> String? {
    guard let node = node(key) else { return nil }
    guard let text = node.scalar?.string else { throw error(key, "must be a single value") }
    return text
  }

  mutating func required(_ key: String) throws(RecipeError) -> String {
    guard let text = try scalar(key), !text.isEmpty else { throw error(key, "is missing") }
    return text
  }

  /// Peak learning rates: a number, `slice(…)`, or a list with one for each layer group.
  mutating func learningRates(_ key: String) throws(RecipeError) -> [Double] {
    let groups = Configuration.layerGroups
    let node = node(key)
    if let list = node?.sequence {
      let rates = list.compactMap { $0.scalar.flatMap { Limits.number($0.string) } }
        .filter(Limits.learningRate.contains)
      if rates.count == groups && list.count == groups { return rates }
    } else if let text = node?.scalar?.string, let rates = LearningRates(text) {
      return rates.rates(groups: groups)
    }
    throw error(key, "must be \(LearningRates.spellings), or a list of \(groups) such numbers")
  }

  /// A mapping; nil where there is none, or YAML's null.
  mutating func mapping(_ key: String) throws(RecipeError) -> RecipeMapping? {
    guard let node = node(key), node.null == nil else { return nil }
    return try RecipeMapping(node, path: path, key)
  }

  /// A list of mappings, not empty.
  mutating func list(_ key: String) throws(RecipeError) -> [RecipeMapping]? {
    guard let node = node(key) else { return nil }
    guard let items = node.sequence, !items.isEmpty else { throw error(key, "must be a list, with '- ' before each") }
    var mappings: [RecipeMapping] = []
    for item in items { mappings.append(try RecipeMapping(item, path: path, "each of \(key)")) }
    return mappings
  }
}
