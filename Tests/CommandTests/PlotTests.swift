import Foundation
import TestSupport
import Testing

/// plot, as a user meets it.
@Suite struct PlotTests {
  private let folder = TemporaryFolder()

  @Test func plot() throws {
    try FileManager.default.createDirectory(atPath: folder.path("run"), withIntermediateDirectories: true)
    let plot = { (arguments: String...) in
      try ProgramRun("planet-dist", ["plot", folder.path("run")] + arguments)
    }
    let missing = try plot()
    #expect(missing.exitCode == 65 && missing.errors.contains("history.csv: it cannot be read"))
    try """
    stage,epoch,train_loss,valid_loss,accuracy_thresh,fbeta,time
    stage-1-rn50,0,0.842891,0.600000,0.700000,0.481027,00:30
    stage-1-rn50,1,0.600000,0.400000,0.800000,0.700000,00:30

    """.write(toFile: folder.path("run/history.csv"), atomically: true, encoding: .utf8)
    let old = try plot()
    #expect(old.exitCode == 0 && folder.has("run/losses.svg") && folder.has("run/metrics.svg"))
    #expect(!folder.has("run/lr.svg") && !folder.has("run/momentum.svg"))
    #expect(old.output.contains("● training (smoothed)   ▲ validation") && old.output.contains("fbeta"))
    let step = { (step: Int) in
      #"{"accumulated_seconds":1,"epoch":\#(step),"images_per_second":46.1,"loss":0.7,"lr":[0.001,0.01],"#
        + #""momentum":0.95,"smooth_loss":0.7,"stage":"stage-1-rn50","step":\#(step)}"# + "\n"
    }
    try (step(0) + step(1)).write(toFile: folder.path("run/log.jsonl"), atomically: true, encoding: .utf8)
    let new = try plot("--out", folder.path("pictures"))
    #expect(new.exitCode == 0 && new.output.contains("batches processed"))
    for name in ["losses", "lr", "momentum", "metrics"] { #expect(folder.has("pictures/\(name).svg")) }
    try (step(0) + "nonsense\n").write(toFile: folder.path("run/log.jsonl"), atomically: true, encoding: .utf8)
    let bad = try plot()
    #expect(
      bad.errors == "Error: \(folder.path("run"))/log.jsonl, line 2: it is not a training step. "
        + "Use a file that planet-dist train saved.\n")
    #expect(bad.exitCode == 65)
  }

  /// Under mpirun too there is one answer, and one complaint.
  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)")) func onManyRanks() throws {
    let run = try ProgramRun("planet-dist", ranks: 3, ["plot", folder.path("nothing")])
    #expect(run.exitCode == 65 && run.lines(containing: "Error: ").count == 1)
  }
}
