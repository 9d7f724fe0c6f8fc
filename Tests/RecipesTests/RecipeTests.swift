import Compute
import Foundation
import ResNet
import TestSupport
import Testing

@testable import Recipes

/// Recipes as files: what they say is what is trained, and what they must not say is an error that names the line.
@Suite struct RecipeTests {
  private static let recipes = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../launch/recipes").path

  private func parse(_ text: String) throws(RecipeError) -> Configuration { try RecipeFile.parse(text, path: "r.yaml") }

  @Test func planetIsTheBuiltInRecipe() throws {
    let path = Self.recipes + "/planet.yaml"
    #expect(try RecipeFile.parse(RecipeFile.read(path), path: path) == Recipe.planet)
  }

  @Test func quickIsARecipe() throws {
    let path = Self.recipes + "/quick.yaml"
    let quick = try RecipeFile.parse(RecipeFile.read(path), path: path)
    #expect(quick.stages.map(\.size) == [64, 64, 128] && quick.keepBest && quick.precision == .bf16)
  }

  /// What is printed is read as the same, whatever the knobs.
  @Test func textIsReadBack() throws {
    var c = Recipe.planet
    (c.batchSize, c.wd, c.ps, c.seed) = (48, 0.1, 0, 4_294_967_295)
    (c.augment, c.shuffle, c.batchNorm, c.precision) = (false, false, .local, .bf16)
    (c.validPct, c.splitSeed, c.mixup, c.labelSmoothing, c.ema) = (0, 7, 0.4, 0.1, 0.999)
    c.arch = .resnet101
    (c.keepBest, c.earlyStopping) = (true, .init(patience: 2, minDelta: 1e-5))
    c.stages[1].learningRates = [1e-20, 0.1, 1.0 / 3]
    c.stages[2].epochs = 0
    c.stages.remove(at: 0)
    #expect(try parse(RecipeFile.text(c)) == c)
    #expect(try parse(RecipeFile.text(Recipe.planet)) == Recipe.planet)
    #expect(RecipeFile.text(Recipe.planet).contains("\nearly_stopping: null  # or {patience: "))
  }

  /// As JSON, in states and models, an architecture is its name; those of before it had one were of resnet50.
  @Test func architectureAsJSON() throws {
    var c = Recipe.planet
    c.arch = .resnet152
    let json = String(decoding: try c.encoded(), as: UTF8.self)
    #expect(json.contains("\"arch\":\"resnet152\","))
    func read(_ json: String) throws -> Configuration {
      try JSONDecoder().decode(Configuration.self, from: Data(json.utf8))
    }
    #expect(try read(json) == c)
    #expect(try read(json.replacingOccurrences(of: "\"arch\":\"resnet152\",", with: "")) == Recipe.planet)
    #expect(throws: DecodingError.self) { try read(json.replacingOccurrences(of: "resnet152", with: "resnet18")) }
    #expect(Recipe.planet.differences(from: c) == ["arch: resnet50, was resnet152"])
  }

  /// Stages that follow a later one of a recipe are not taken for earlier ones.
  @Test func indicesGoOn() throws {
    let c = try parse("stages: [{name: b, index: 3, lr: 1}, {name: c, lr: 1}, {name: a, index: 1, lr: 1}]")
    #expect(c.stages.map(\.index) == [3, 4, 1])
    #expect(try parse(RecipeFile.text(c)) == c)
  }

  /// Only what nests counts, not a comment's ornaments.
  @Test func ornaments() throws {
    let line = "# " + String(repeating: "-", count: 1200) + " {what is this?}\n"
    #expect(try parse(line + line + "wd: 0.1 # ----\n" + line).wd == 0.1)
  }

  @Test func learningRatesAreFastais() throws {
    let stage = { (lr: String) in "stages:\n  - {name: a, lr: \"\(lr)\"}\n" }
    #expect(try parse(stage("0.01")).stages[0].learningRates == [0.01, 0.01, 0.01])
    #expect(try parse(stage("slice(0.01)")).stages[0].learningRates == [0.001, 0.001, 0.01])
    expectClose(
      try parse(stage("slice(1e-5, 2e-3)")).stages[0].learningRates, [1e-5, 1.41421356e-4, 2e-3], relative: 1e-8)
    #expect(try parse("stages: [{name: a, lr: [1e-3, 2, 3]}]").stages[0].learningRates == [1e-3, 2, 3])
  }

  @Test(arguments: [
    ("", "r.yaml: it is empty"),
    ("- 1", "r.yaml, line 1: it must be 'key: value' lines"),
    ("wd: 0.1\nbatchsize: 3", "r.yaml, line 2: unknown key 'batchsize' (did you mean 'batch_size'?)"),
    ("zebra: 3", "r.yaml, line 1: unknown key 'zebra' (there are arch, batch_size, wd,"),
    ("wd: 0.1\nwd: 0.2", "r.yaml: not YAML: wd is set twice"),
    ("batch_size: 1", "r.yaml, line 1: batch_size must be 2 to 65536, not 1"),
    (
      "batch_size: 9999999999999999999999",
      "r.yaml, line 1: batch_size must be a whole number, not '9999999999999999999999'"
    ),
    ("wd: [1]", "r.yaml, line 1: wd must be a single value"),
    ("wd: nan", "r.yaml, line 1: wd must be a number, not 'nan'"),
    ("mixup: 2", "r.yaml, line 1: mixup must be 0.0 to 1.0, not 2.0"),
    ("arch: resnet18", "r.yaml, line 1: arch must be resnet50 or resnet101 or resnet152, not 'resnet18'"),
    ("augment: yes", "r.yaml, line 1: augment must be true or false, not 'yes'"),
    ("precision: fp8", "r.yaml, line 1: precision must be fp32 or bf16, not 'fp8'"),
    ("early_stopping: 3", "r.yaml, line 1: early_stopping must be 'key: value' lines"),
    ("early_stopping: {patients: 3}", "r.yaml, line 1: unknown key 'patients' (did you mean 'patience'?)"),
    ("stages: []", "r.yaml, line 1: stages must be a list, with '- ' before each"),
    ("stages:\n  - size: 64", "r.yaml, line 2: name is missing"),
    (
      "stages:\n  - name: ../../etc",
      "r.yaml, line 2: name must be letters, digits, '_', and then also '-' and '.', not '../../etc'"
    ),
    ("stages:\n  - name: .x", "r.yaml, line 2: name must be letters"),
    ("stages:\n  - {name: a, lr: 1}\n  - {name: a, lr: 1}", "r.yaml, line 3: name is that of another stage"),
    ("stages:\n  - {name: a, lr: 1}\n  - {name: b, index: 0, lr: 1}", "r.yaml, line 3: index is that of another"),
    ("stages:\n  - {name: a, index: -1, lr: 1}", "r.yaml, line 2: index must be 0 to 1000, not -1"),
    (
      "stages:\n  - {name: a}",
      "r.yaml, line 2: lr must be a positive number (1e-30 to 1000000.0), slice(lr) or slice(low,high), or a list of 3"
    ),
    ("stages:\n  - {name: a, lr: slice(1e-5, 0)}", "r.yaml, line 2: lr must be a positive number"),
    ("stages:\n  - {name: a, lr: [1, 2]}", "r.yaml, line 2: lr must be a positive number"),
    (
      "stages:\n  - {name: a, lr: 1, learning: 3}",
      "r.yaml, line 2: unknown key 'learning' (there are name, index, size, freeze"
    ),
    ("a: [1, 2", "r.yaml, line 2: not YAML: did not find expected ',' or ']'"),
    (String(repeating: "[", count: 60_000), "r.yaml: it is larger than any recipe"),
    (String(repeating: "- ", count: 1_500), "r.yaml: it is larger than any recipe"),
    (String(repeating: "x", count: 70_000), "r.yaml: it is larger than any recipe"),
    ("a: &x [*x]", "r.yaml"),
    ("wd: 0.1\nps: &x 0.5", "r.yaml, line 2: it has the anchor '&x', which no recipe may have"),
    ("stages:\n  - {name: a, lr: [&b 1, *b, *b]}", "r.yaml, line 2: it has the anchor '&b'"),
    ("? &x wd\n: 0.1", "r.yaml, line 1: it has the anchor '&x'"),
    ("wd: *x", "r.yaml, line 1: not YAML: found undefined alias"),
    ("wd: !!float 0.1", "r.yaml, line 1: it has the tag 'tag:yaml.org,2002:float', which no recipe may have"),
    ("wd: 0.1\nstages: !!python/object:os.system []", "r.yaml, line 2: it has the tag 'tag:yaml.org,2002:python"),
    ("!recipe\nwd: 0.1", "r.yaml, line 1: it has the tag '!recipe'"),
    ("%TAG ! tag:example.org,2000:\n---\nwd: !x 0.1", "r.yaml, line 3: it has the tag 'tag:example.org,2000:x'"),
    ("%RECIPE 1\n---\nwd: 0.1", "r.yaml"),
    ("wd: .inf", "r.yaml, line 1: wd must be a number, not '.inf'"),
    ("wd: inf", "r.yaml, line 1: wd must be a number, not 'inf'"),
    ("ps: .NaN", "r.yaml, line 1: ps must be a number, not '.NaN'"),
    ("wd: 0x1p-3", "r.yaml, line 1: wd must be a number, not '0x1p-3'"),
    ("wd: 1_0e-3", "r.yaml, line 1: wd must be a number, not '1_0e-3'"),
    ("wd: 1e400", "r.yaml, line 1: wd must be in 0.0..<1.0, not inf"),
    ("seed: 0x10", "r.yaml, line 1: seed must be a whole number, not '0x10'"),
    ("seed: 1_000", "r.yaml, line 1: seed must be a whole number, not '1_000'"),
    ("stages:\n- {name: a, lr: 'slice(5e-324, 1e6)'}", "r.yaml, line 2: lr must be a positive number (1e-30 to"),
    ("stages:\n- {name: a, lr: [1, 2, 1e999]}", "r.yaml, line 2: lr must be a positive number (1e-30 to"),
    ("stages:\n- {name: a, lr: 0x1p-3}", "r.yaml, line 2: lr must be a positive number (1e-30 to"),
    ("stages:\n- {name: a, lr: [1, 2, .inf]}", "r.yaml, line 2: lr must be a positive number (1e-30 to"),
    ("stages:\n  - name: -\u{301}x", "r.yaml, line 2: name must be letters"),
    ("stages:\n  - {name: -, lr: 1}", "r.yaml"),
    ("wd: \u{0}", "r.yaml"),
  ]) func refuses(text: String, message: String) throws {
    let error = try #require(throws: RecipeError.self) { try parse(text) }
    #expect("\(error)".hasPrefix(message))
  }

  /// Aliases of aliases of aliases: a few lines, and more to compare than there is time.
  @Test(arguments: ["? *a27\n: 1\n", "{*a27 : 1}\n", "- *a27\n", "b: '# \"'\n? [*a27, '\"']\n: 1\n"])
  func aliasesOfAliases(use: String) {
    let text =
      "a0: &a0 [x]\n" + (1...27).map { "a\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1)]\n" }.joined() + use
    #expect(throws: RecipeError(path: "r.yaml", line: 10, reason: "it has aliases, '*NAME', which no recipe may have"))
    {
      try parse(text)
    }
    // Few are not counted; the anchor is found.
    let few = "a0: &a0 [x]\n" + (1...6).map { "a\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1)]\n" }.joined()
    #expect(throws: RecipeError(path: "r.yaml", line: 1, reason: "it has the anchor '&a0', which no recipe may have")) {
      try parse(few + "? *a6\n: 1\n")
    }
  }

  /// Whoever writes about them in a comment has none.
  @Test func namesOfAliases() throws {
    #expect(try parse("%YAML 1.1\n---\n# *see* &below *x\nwd: 0.1 # not *a, &b or !!c\nseed: \"3\"\n").seed == 3)
  }

  /// Cut anywhere, or with any byte changed, a recipe is one or an error, never a crash.
  @Test func survivesDamage() throws {
    let text = Array(RecipeFile.text(Recipe.planet).utf8)
    for i in text.indices {
      var damaged = text
      damaged[i] = UInt8(truncatingIfNeeded: 33 + i * 7 % 94)
      for bytes in [Array(text[..<i]), damaged] { _ = try? parse(String(decoding: bytes, as: UTF8.self)) }
    }
  }
}
