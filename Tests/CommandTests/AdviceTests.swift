import ResNet
import Runs
import Testing

@testable import planet_dist

/// What the rooms say is wrong, and what the program adds.
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

  @Test func nothingToAdd() { #expect(Advice.explain(CancellationError()) == "\(CancellationError())") }
}
