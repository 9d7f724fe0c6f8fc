import Files
import Yams

/// A recipe as people write it: YAML, with the knobs of a ``Configuration`` by their command-line names (`batch_size` for
/// `--batch-size`) and a list of stages. What it does not set stays as the planet recipe has it.
public enum RecipeFile {
  /// Larger files are no recipes.
  static let sizeLimit = 65_536
  /// libyaml follows nested collections by recursion, and a file of brackets, or of `- - -`, would exhaust the stack.
  private static let openingLimit = 1024

  /// A file's text.
  public static func read(_ path: String) throws(RecipeError) -> String {
    do throws(FileError) {
      guard let text = String(validating: try InputFile.read(path, limit: sizeLimit), as: UTF8.self)
      else { throw FileError.unusable(path: path, reason: "it is not UTF-8 text") }
      return text
    } catch {
      throw RecipeError(path: path, line: nil, reason: "cannot be read (\(error.reason))")
    }
  }

  /// Understands the text of a recipe.
  ///
  /// - Parameter path: for messages.
  /// - Throws: ``RecipeError``, naming the line.
  public static func parse(_ text: String, path: String) throws(RecipeError) -> Configuration {
    guard text.utf8.count <= sizeLimit, openings(text) <= openingLimit
    else { throw RecipeError(path: path, line: nil, reason: "it is larger than any recipe") }
    try RecipeExtras.refuseAliases(text, path: path)
    let node: Node?
    do {
      let parser = try Parser(yaml: text)
      node = try parser.singleRoot()
      // Nodes know their anchors only as long as their parser lives.
      try withExtendedLifetime(parser) { if let node { try RecipeExtras.refuse(in: node, path: path) } }
    } catch let error as RecipeError {
      throw error
    } catch let error as YamlError {
      throw RecipeError(path: path, error)
    } catch {
      throw RecipeError(path: path, line: nil, reason: "\(error)")
    }
    guard let node else { throw RecipeError(path: path, line: nil, reason: "it is empty") }
    var recipe = try RecipeMapping(node, path: path)
    let configuration = try configuration(&recipe)
    try recipe.finish()
    return configuration
  }

  /// The text's marks that can begin a collection within another without a new line. Collections on lines of their own
  /// are indented one column more each, so a file of the largest size has room for some 360 within each other.
  private static func openings(_ text: String) -> Int {
    zip(text.utf8, text.utf8.dropFirst()).count { a, b in
      switch a {
      case UInt8(ascii: "["), UInt8(ascii: "{"): true
      case UInt8(ascii: "-"), UInt8(ascii: "?"): b == UInt8(ascii: " ") || b == UInt8(ascii: "\t")
      default: false
      }
    }
  }

  private static func configuration(_ recipe: inout RecipeMapping) throws(RecipeError) -> Configuration {
    var c = Configuration(stages: [])
    for knob in Knobs.all { try knob.read(from: &recipe, into: &c) }
    guard let stages = try recipe.list("stages") else {
      c.stages = Recipe.planet.stages
      return c
    }
    for mapping in stages { c.stages.append(try stage(mapping, before: c.stages)) }
    return c
  }

  private static func stage(
    _ mapping: RecipeMapping, before: [Configuration.Stage]
  ) throws(RecipeError) -> Configuration.Stage {
    var mapping = mapping
    let name = try mapping.required("name")
    // It becomes the name of a file.
    guard name.utf8.count <= 100, name.utf8.allSatisfy(isNameCharacter), !name.begins(with: "."),
      !name.begins(with: "-")
    else { throw mapping.error("name", "must be letters, digits, '_', and then also '-' and '.', not '\(name)'") }
    guard !before.contains(where: { $0.name == name }) else { throw mapping.error("name", "is that of another stage") }
    var stage = Configuration.Stage(
      name: name, index: nextIndex(after: before), size: Recipe.size, frozen: false, learningRates: [],
      epochs: Recipe.epochs)
    try index.read(from: &mapping, into: &stage)
    guard !before.contains(where: { $0.index == stage.index })
    else { throw mapping.error("index", "is that of another stage") }
    for knob in Knobs.ofStage { try knob.read(from: &mapping, into: &stage) }
    try mapping.finish()
    return stage
  }

  /// Written only where it does not follow from the stages before.
  private static let index = Knob("index", \Configuration.Stage.index, complaint: Limits.stageIndex.complaint)

  /// The index a stage has that does not say otherwise.
  static func nextIndex(after stages: some Collection<Configuration.Stage>) -> Int {
    (stages.map(\.index).max() ?? -1) + 1
  }

  static func isNameCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
    default: false
    }
  }
}
