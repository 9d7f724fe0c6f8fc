import Files

@testable import Checkpoints
@testable import Inference
@testable import PlanetData
@testable import Recipes
@testable import Runs
@testable import Scores

/// Reads bytes; what it throws is a refusal.
typealias Target = @Sendable (UnsafeRawBufferPointer) throws -> Void

/// What can be fuzzed, and how its bytes are read.
let targets: [String: Target] = [
  "safetensors": { _ = try SafeTensors.read(file($0)) },
  "zip": { _ = try WeightsFile.read(file($0)) },
  "legacy": { _ = try WeightsFile.read(file($0)) },
  // What a torch.save file has inside: behind a zip's checksums a fuzzer would hardly get at it.
  "pickle": {
    var reader = try ByteReader(Array($0)[...])
    let (root, heap, _) = try Unpickler.load(&reader)
    _ = try StateDict(root: root, heap: heap)
  },
  "csv": {
    let path = file($0)
    _ = CSV.records(Array($0)) { _ in }
    let labels = try Labels(path: path)
    _ = try SampleSubmission.rows(path, of: labels.rows.map { Sample(name: $0.name, path: "") })
  },
  "jpeg": { _ = try Image.decode(file($0)) },
  // What was read and is written again is the same recipe.
  "recipe": {
    let path = file($0)
    let recipe = try RecipeFile.parse(RecipeFile.read(path), path: path)
    let again = try RecipeFile.parse(RecipeFile.text(recipe), path: path)
    precondition(again == recipe, "\(again) instead of \(recipe)")
  },
  "thresholds": { _ = try Thresholds(path: file($0), labels: ["clear", "haze", "primary"]) },
  "model": { _ = try ModelFile(path: file($0)) },
  "state": { _ = try SavedState.read(file($0)) },
  "predictions": {
    _ = try PredictionFile(path: file($0), identity: ["tta": "none"], passes: 2, images: 3, labels: 2).read()
  },
  "history": { _ = try HistoryRow.read(file($0)) },
  "log": { _ = try RunLog(path: file($0)) },
  "result": { _ = try StageResult(path: file($0)) },
]
