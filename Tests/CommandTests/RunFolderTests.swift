import Foundation
import TestSupport
import Testing

/// A run's folder as its user meets it: what is there is never overwritten unasked, and `--resume` needs no other option.
@Suite(.serialized) struct RunFolderTests {
  private let folder = TemporaryFolder()

  private func start(_ arguments: [String]) throws -> ProgramRun {
    try ProgramRun(start: "planet-dist", ranks: nil, ["train"] + arguments, in: folder.path(""))
  }

  private func run(_ arguments: [String]) throws -> ProgramRun {
    let run = try start(arguments)
    try run.wait()
    return run
  }

  @Test func life() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"]).exitCode == 0)
    let stage = [
      "--data", "data", "--pretrained", "none", "--size", "32", "--batch-size", "4", "--stages", "stage-1-rn50",
    ]
    let finished = try run(stage + ["--epochs", "0"])
    #expect(finished.exitCode == 0 && finished.output.contains("\nrun: runs/planet\n"), "\(finished.errors)")

    // Trained again: into the next folder, unless the user says where, and that it may be replaced.
    let again = try run(stage + ["--epochs", "0", "--run", "runs/planet"])
    #expect(again.exitCode == 64 && again.errors.contains("runs/planet: already holds stage-1-rn50."))
    #expect(try run(stage + ["--epochs", "0", "--run", "runs/planet", "--overwrite"]).exitCode == 0)
    let second = try start(stage + ["--epochs", "1000", "--seed", "2"])
    try second.waitFor("\n0  ")
    #expect(try second.outputSoFar().contains("\nrun: runs/planet-2\n"))

    // Held.
    let other = try run(stage + ["--run", "runs/planet-2"])
    #expect(other.exitCode == 75)
    #expect(
      other.errors.contains("runs/planet-2: another run is writing here (process \(second.id) on "), "\(other.errors)")
    second.send(SIGUSR1)
    try second.wait()
    #expect(second.exitCode == 75, "\(second.errors)")

    // Interrupted.
    let forgotten = try run(stage)
    #expect(forgotten.exitCode == 64 && forgotten.errors.contains("Add --resume to continue it"))
    let changed = try run(["--resume", "--epochs", "7"])
    #expect(changed.exitCode == 64)
    #expect(
      changed.errors.hasPrefix(
        "Error: runs/planet-2: the interrupted run had other options (epochs of stage-1-rn50: 7, was 1000). Leave"),
      "\(changed.errors)")
    let resumed = try start(["--resume", "--run", "runs/planet-2"])
    try resumed.waitFor(" from epoch ")
    resumed.send(SIGTERM)
    try resumed.wait()
    #expect(resumed.exitCode == 75, "\(resumed.errors)")

    // A stage more, into the newest run that has the one before.
    let more = try run(
      ["--data", "data", "--from", "stage-1-rn50", "--stages", "stage-2-rn50"]
        + ["--epochs", "0", "--size", "32", "--batch-size", "4"])
    #expect(more.exitCode == 0 && more.output.contains("\nrun: runs/planet\n"), "\(more.errors)")
    #expect(folder.has("runs/planet/models/stage-2-rn50.safetensors"))
  }

  /// A job that a scheduler starts again and again: it begins, goes on where the last save was, though it was killed, and has
  /// nothing left to do. It ends with the bits of an undisturbed run.
  @Test func startedAgainAndAgain() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "40"]).exitCode == 0)
    func job(_ run: String, epochs: Int = 2) -> [String] {
      [
        "--data", "data", "--pretrained", "none", "--size", "32", "--batch-size", "4", "--stages", "stage-1-rn50",
        "--epochs", String(epochs), "--run", run, "--resume", "auto", "--save-every", "3",
      ]
    }
    let killed = try start(job("killed") + ["--save-copy", "copy"])
    try killed.waitUntil { folder.has("copy/state.safetensors") }
    killed.send(SIGKILL)
    try killed.wait()
    #expect(killed.exitCode == SIGKILL)
    let state = try Data(contentsOf: URL(fileURLWithPath: folder.path("killed/state.safetensors")))
    let progress = String(decoding: state.prefix(20_000), as: UTF8.self)
    #expect([3, 6].contains { progress.contains(#"stepInEpoch\":\#($0),"#) }, "saved within an epoch")

    // The second copy, whose state may be a save older, is as good as the first.
    let taken = try run(job("other") + ["--save-copy", "copy"])
    #expect(taken.exitCode == 64 && taken.errors.contains("copy: holds an interrupted run"), "\(taken.errors)")
    #expect(try run(["--resume", "--run", "copy"]).exitCode == 0)

    #expect(try run(job("killed")).exitCode == 0)
    let again = try run(job("killed"))
    #expect(again.exitCode == 0 && again.output == "killed: every stage is trained and saved\n", "\(again.errors)")
    let other = try run(job("killed", epochs: 5))
    #expect(other.exitCode == 64)
    #expect(other.errors.contains("was trained by another recipe (epochs of stage-1-rn50: 5, was 2)."))

    #expect(try run(job("whole")).exitCode == 0)
    let model = { (run: String) in
      try Data(contentsOf: URL(fileURLWithPath: folder.path(run + "/models/stage-1-rn50.safetensors")))
    }
    #expect(try model("whole") == model("killed") && model("whole") == model("copy"))
  }

  /// A time limit that comes without a signal.
  @Test func maxTime() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"]).exitCode == 0)
    let run = try run([
      "--data", "data", "--pretrained", "none", "--size", "32", "--batch-size", "4", "--stages", "stage-1-rn50",
      "--epochs", "1000", "--run", "r", "--max-time", "2s",
    ])
    #expect(run.exitCode == 75 && run.output.contains("stopped: everything is saved in r/state.safetensors"))
  }
}
