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
}
