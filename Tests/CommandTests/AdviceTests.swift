import Inference
import PlanetData
import ResNet
import Runs
import Testing
import Training

@testable import planet_dist

/// What the other modules say is wrong, and what the program adds.
@Suite struct AdviceTests {
  @Test(arguments: [
    ([], "Remove it, and start again: models/ has no stage to go on with by --from."),
    (["a", "b"], "Remove it, and go on with --from STAGE: models/ has a, b."),
  ]) func damagedState(saved: [String], advice: String) {
    #expect(
      Advice.explain(RunError.damagedState(path: "r/state.safetensors", reason: "cut", saved: saved))
        == "r/state.safetensors: the interrupted run's state cannot be used (cut). " + advice)
  }

  @Test func otherArchitecture() {
    #expect(
      Advice.explain(RunError.otherArchitecture(path: "m", it: .resnet101, recipe: .resnet50))
        == "m: is a resnet101, and the recipe trains a resnet50. Add --arch resnet101, or start from a saved resnet50.")
  }

  @Test func otherPrediction() {
    #expect(
      Advice.explain(InferenceError.otherPrediction(path: "s.csv.partial", reason: "not an unfinished prediction"))
        == "s.csv.partial: not an unfinished prediction. Run the command that it belongs to, with its --checkpoint, --tta, "
        + "--seed and --precision, or remove it to start anew.")
  }

  @Test(arguments: [
    (nil, "Or give --label-delim ' ' to take them as they stand."),
    (";", "Give --label-delim ';' to separate them there, or ' ' to take them as they stand."),
    ("\t", "Give --label-delim '\\t' to separate them there, or ' ' to take them as they stand."),
    ("\u{A0}", "Give --label-delim $'\\u00a0' to separate them there, or ' ' to take them as they stand."),
  ]) func otherSeparator(mark: String?, advice: String) {
    #expect(
      Advice.explain(DatasetError.otherSeparator(path: "t.csv", line: 2, reason: "tags hold marks", mark: mark))
        == "t.csv, line 2: tags hold marks. " + advice)
  }

  @Test func notes() {
    let seen = TrainingNote.sawValidation(path: "m", seen: 2, valid: 10, validPct: 0.25, splitSeed: 7)
    #expect(Advice.explain(seen) == "\(seen) --valid-pct 0.25 --split-seed 7 split as it did.")
    #expect(Advice.explain(TrainingNote.stoppedEarly(epoch: 3)) == "stopped after epoch 3: fbeta no longer grows")
  }

  @Test func nothingToAdd() { #expect(Advice.explain(CancellationError()) == "\(CancellationError())") }
}
