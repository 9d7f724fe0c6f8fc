import Compute
import Foundation
import Inference
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores

/// Files that were saved before they named their images are read as they were, and tell what they know.
@Suite struct SavedBeforeTests {
  private let folder = TemporaryFolder()
  private let labels = [
    "agriculture", "clear", "cloudy", "haze", "partly_cloudy", "primary", "road", "slash_burn", "water",
  ]
  private let names = (0..<12).map { "train_\($0)" }

  @Test func model() throws {
    try SavedBefore.write("model", to: folder.path("m"))
    let model = try ModelFile(path: folder.path("m"))
    #expect(model.labels == labels && model.size == 32)
    let origin = model.origin
    #expect(origin.images == nil && origin.place == nil)
    #expect(origin.validPct == 0.25 && origin.splitSeed == 7 && origin.precision == .bf16)
    // What its run held out, as its result tells.
    let result = try StageResult(path: SavedBefore.path("result.json"))
    #expect(try #require(origin.heldOut(among: names)).map { names[$0] } == result.validation.map(\.name))
    #expect(origin.trained(among: names).count == 9)
  }

  @Test func state() throws {
    try SavedBefore.write("state", to: folder.path("s"))
    let run = try SavedState.read(folder.path("s")).run
    #expect(run.position == "stage-1-rn50, epoch 1, step 2" && run.labels == labels)
    #expect(run.data == nil && run.configuration.splitSeed == 7 && run.configuration.precision == .bf16)
  }

  @Test func thresholds() throws {
    let thresholds = try Thresholds(path: SavedBefore.path("thresholds.json"), labels: labels)
    #expect(thresholds.uniform == 0.2 && thresholds.origin == nil)
  }

  @Test func resultAndRecipe() throws {
    let result = try StageResult(path: SavedBefore.path("result.json"))
    let text = try String(contentsOfFile: SavedBefore.path("recipe.yaml"), encoding: .utf8)
    let recipe = try RecipeFile.parse(text, path: "recipe.yaml")
    #expect(result.stage == recipe.stages[0] && recipe.splitSeed == 7 && recipe.validPct == 0.25)
    #expect(result.recipe == text && result.validation.count == 3)
  }

  @Test func prediction() throws {
    let identity = [
      "checkpoints": "dc58bc3db4c3a59b", "images": "782ac55bcbc8ef4f", "views (--tta, --seed)": "dihedral",
      "arithmetic (--precision, instruction set)": "AVX2 fp32 Zen",
    ]
    let file = PredictionFile(
      path: SavedBefore.path("prediction.partial"), identity: identity, passes: 8, images: 12, labels: 9)
    let progress = try #require(try file.read())
    #expect(progress.passes == 3 && progress.images == 3 && progress.sums.count == 108)
  }
}
