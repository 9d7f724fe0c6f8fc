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

  @Test func nothingToAdd() { #expect(Advice.explain(CancellationError()) == "\(CancellationError())") }
}
