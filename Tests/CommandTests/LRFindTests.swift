import Foundation
import TestSupport
import Testing

/// The learning rate finder as a user meets it.
@Suite(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"), .serialized)
struct LRFindTests {
  private let folder = TemporaryFolder()

  private func find(_ out: String, ranks: Int, steps: Int = 20, _ arguments: String...) throws -> ProgramRun {
    try ProgramRun(
      "planet-dist", ranks: ranks,
      [
        "lr-find", "--data", folder.path("data"), "--pretrained", "none", "--size", "64", "--batch-size", "8",
        "--num-it", String(steps), "--end-lr", "1e-3", "--out", folder.path(out),
      ] + arguments)
  }

  private func rows(_ out: String) throws -> [[Double]] {
    let text = try String(contentsOfFile: folder.path(out + "/lr-find.csv"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.first == "iteration,lr,loss,smooth_loss")
    return lines.dropFirst().map { $0.split(separator: ",").compactMap { Double($0) } }
  }

  /// From a saved stage, and for a stage of a recipe: those who begin with the same weights have the same curve.
  private func fromACheckpoint(as curve: [[Double]]) throws {
    let data = ["--data", folder.path("data")]
    let saved = try ProgramRun(
      "planet-dist",
      ["train", "--run", folder.path("run"), "--pretrained", "none", "--stages", "stage-1-rn50", "--epochs", "0"]
        + ["--size", "64", "--batch-size", "8"] + data)
    #expect(saved.exitCode == 0, "\(saved.errors)")
    try "batch_size: 8\nstages:\n  - {name: a, size: 64, freeze: true, lr: 1e-3, epochs: 1}\n".write(
      toFile: folder.path("r.yaml"), atomically: true, encoding: .utf8)
    let model = folder.path("run/models/stage-1-rn50.safetensors")
    let run = try ProgramRun(
      "planet-dist",
      ["lr-find", "--from", model, "--recipe", folder.path("r.yaml"), "--num-it", "20", "--end-lr", "1e-3"]
        + ["--out", folder.path("from")] + data)
    #expect(run.exitCode == 0 && run.output.contains("weights: \(model)\n"), "\(run.errors)")
    #expect(try rows("from") == curve)
  }

  /// One rank and two: the same curve, up to what rounding becomes in 20 steps.
  @Test func sameCurveOnTwoRanks() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "30"]).exitCode == 0)
    let one = try find("one", ranks: 1)
    #expect(one.exitCode == 0, "\(one.errors)")
    #expect(one.output.contains("20 steps of 8 images at 64×64, frozen body, learning rate 1e-07 to 1e-03"))
    #expect(one.output.contains("Learning rate finder") && one.output.contains("\nMin loss divided by 10: "))
    #expect(try find("two", ranks: 2).exitCode == 0)
    let (a, b) = (try rows("one"), try rows("two"))
    #expect(a.count == 20 && b.count == 20)
    #expect(a.map { $0[1] } == b.map { $0[1] })
    for column in [2, 3] { expectClose(b.map { $0[column] }, a.map { $0[column] }, relative: 2e-3) }
    #expect(folder.has("one/lr-find.svg") && !folder.has("one/models"))
    // Another way to begin makes another curve.
    #expect(try find("unfrozen", ranks: 2, steps: 3, "--unfrozen").exitCode == 0)
    let other = try rows("unfrozen").map { $0[2] }
    #expect(other.count == 3 && other[0] == b[0][2] && other[2] != b[2][2])
    try fromACheckpoint(as: a)
    let missing = try find("none", ranks: 2, "--batch-size", "500")
    #expect(missing.exitCode == 65 && missing.lines(containing: "Error: ").count == 1)
  }
}
