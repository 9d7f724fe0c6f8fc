import Yams

/// What YAML has and a recipe does not need: anchors, aliases and tags. By aliases of aliases a few lines describe more
/// than any machine holds.
enum RecipeExtras {
  /// Refuses text with many aliases before it is parsed, since the parser compares keys as if each alias were written
  /// out. A few cost little; they are refused after parsing, by their anchors.
  static func refuseAliases(_ text: String, path: String) throws(RecipeError) {
    var (line, found) = (1, 0)
    for (a, b) in zip(text.utf8, text.utf8.dropFirst()) {
      if a == UInt8(ascii: "\n") { line += 1 }
      guard a == UInt8(ascii: "*"), RecipeFile.isNameCharacter(b) else { continue }
      found += 1
      if found > aliasLimit { throw RecipeError(path: path, line: line, reason: "it has aliases, '*NAME'" + whichNone) }
    }
  }

  /// More than the stray asterisks of comments and quotes, and few enough to be parsed quickly.
  private static let aliasLimit = 16

  /// Refuses a node that has an anchor or a tag, or holds one that has. A node's anchor is looked at before its
  /// contents, so what aliases would repeat is never walked through.
  ///
  /// - Parameter isKey: the parser has already given keys the tags that their looks imply.
  static func refuse(in node: Node, path: String, isKey: Bool = false) throws(RecipeError) {
    let refusal = { (what: String) in RecipeError(path: path, line: node.mark?.line, reason: what + whichNone) }
    if let anchor = node.anchor { throw refusal("it has the anchor '&\(anchor.rawValue)'") }
    if !isKey, ![Tag.Name.implicit, .str].contains(Tag.Name(rawValue: node.givenTag)) {
      throw refusal("it has the tag '\(node.givenTag)'")
    }
    for item in node.sequence ?? [] { try refuse(in: item, path: path, isKey: isKey) }
    for (key, value) in node.mapping ?? [:] {
      try refuse(in: key, path: path, isKey: true)
      try refuse(in: value, path: path, isKey: isKey)
    }
  }

  private static let whichNone = ", which no recipe may have"
}

extension Node {
  /// As written, without what the value's looks imply; quoted text has that of text.
  fileprivate var givenTag: String {
    switch self {
    case .scalar(let scalar): scalar.tag.rawValue
    case .sequence(let sequence): sequence.tag.rawValue
    case .mapping(let mapping): mapping.tag.rawValue
    case .alias(let alias): alias.tag.rawValue
    }
  }
}
