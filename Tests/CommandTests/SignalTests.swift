import Foundation
import TestSupport
import Testing

/// What signals do: nothing is lost, no exit code lies, and nobody waits for what does not end.
@Suite(.serialized) struct SignalTests {
  private let folder = TemporaryFolder()

  private func train(_ arguments: [String]) throws -> [String] {
    if !folder.has("data") {
      #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"]).exitCode == 0)
    }
    return [
      "train", "--data", folder.path("data"), "--run", folder.path("run"), "--pretrained", "none", "--size", "32",
      "--batch-size", "4", "--stages", "stage-1-rn50",
    ] + arguments
  }

  private func shell(_ script: String) throws -> ProgramRun {
    try ProgramRun(start: "/bin/bash", ranks: nil, ["-c", script])
  }

  private func supervise(_ script: String) throws -> ProgramRun {
    try ProgramRun(start: "planet-dist", ranks: nil, ["supervise", "--", "sh", "-c", script])
  }

  /// A command that saves nothing, or has nothing to save yet, ends at once.
  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGUSR1]) func nothingToSave(signal: Int32) throws {
    _ = try train([])
    let run = try ProgramRun(
      start: "planet-dist", ranks: nil,
      ["lr-find", "--data", folder.path("data"), "--pretrained", "none", "--size", "32", "--batch-size", "4"]
        + ["--num-it", "100000", "--out", folder.path("lr")])
    try run.waitFor("weights: random")
    run.send(signal)
    try run.wait()
    #expect(run.exitCode == 75)
    #expect(run.errors == "stopped by a signal; there was nothing to save yet\n")
  }

  /// However often schedulers say it, training saves first.
  @Test(arguments: [SIGTERM, SIGHUP]) func saves(signal: Int32) throws {
    let run = try ProgramRun(start: "planet-dist", ranks: nil, try train(["--epochs", "1000"]))
    try run.waitFor("\n0  ")
    for _ in 0..<3 { run.send(signal) }
    try run.wait()
    #expect(run.exitCode == 75, "\(run.errors)")
    #expect(run.output.contains("stopped: everything is saved in \(folder.path("run"))/state.safetensors"))
    #expect(folder.has("run/state.safetensors") && !folder.has("run/lock"))
  }

  /// `nohup`, and a pipe that nobody reads any more.
  @Test func goesOn() throws {
    let command = [ProgramRun.path(ofProduct: "planet-dist")] + (try train(["--epochs", "2"]))
    let run = try shell(
      "trap '' HUP; '\(command.joined(separator: "' '"))' | (read line; pkill -HUP -x -P $$ planet-dist); exit ${PIPESTATUS[0]}"
    )
    try run.wait()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(folder.has("run/models/stage-1-rn50.safetensors"))
  }

  /// The command's code, or the signal's that ended it, as shells say it.
  @Test(arguments: [("exit 7", 7), ("kill -KILL $$", 137), ("exec /nonexistent", 127)])
  func superviseEnds(script: String, code: Int32) throws {
    let run = try supervise(script)
    try run.wait()
    #expect(run.exitCode == code)
  }

  @Test func superviseFindsNothing() throws {
    let run = try ProgramRun("planet-dist", ["supervise", "--", "/nonexistent", "x"])
    #expect(run.exitCode == 127)
    #expect(run.errors == "Error: /nonexistent: cannot be started: No such file or directory.\n")
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGUSR1]) func superviseTranslates(signal: Int32) throws {
    let run = try supervise(
      "trap 'echo told; exit 75' USR1; trap 'exit 1' TERM HUP INT; echo ready; while :; do sleep 0.1; done")
    try run.waitFor("ready")
    run.send(signal)
    try run.wait()
    #expect(run.exitCode == 75 && run.output == "ready\ntold\n")
  }

  /// A second Ctrl-C ends what does not listen to the first.
  @Test func superviseInsists() throws {
    let run = try supervise("trap 'echo told' USR1; trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done")
    try run.waitFor("ready")
    run.send(SIGINT)
    try run.waitFor("told")
    Thread.sleep(forTimeInterval: 1.1)  // what comes sooner is the same Ctrl-C
    run.send(SIGINT)
    try run.wait()
    #expect(run.exitCode == 9)
  }

  /// What may not happen again is tried again, a few times.
  @Test(arguments: [(137, "kill -KILL $$", 3), (75, "exit 75", 3), (65, "exit 65", 1)])
  func superviseStartsAgain(code: Int32, end: String, runs: Int) throws {
    let run = try ProgramRun(
      "planet-dist", ["supervise", "--restarts", "2", "--", "sh", "-c", "echo run; \(end)"])
    #expect(run.exitCode == code)
    #expect(run.output == String(repeating: "run\n", count: runs))
    #expect(run.lines(containing: "Started again.").count == runs - 1, "\(run.errors)")
    #expect(run.lines(containing: "2 restarts in a row saved nothing new: given up.").count == (runs > 1 ? 1 : 0))
  }

  @Test func superviseStartsOnlyWhatGoesOn() throws {
    let run = try ProgramRun("planet-dist", ["supervise", "--restarts", "2", "--", "planet-dist", "train", "--resume"])
    #expect(run.exitCode == 64 && run.errors.contains("Add --resume auto to train."))
  }

  /// A rank that is killed, as for want of memory, costs nobody's attention.
  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"))
  func superviseFinishesTraining() throws {
    let program = ProgramRun.path(ofProduct: "planet-dist")
    let run = try ProgramRun(
      start: "planet-dist", ranks: nil,
      ["supervise", "--restarts", "1", "--", "mpirun", "-np", "2", program]
        + (try train(["--epochs", "6", "--resume", "auto"])))
    try run.waitUntil { folder.has("run/state.safetensors") }
    #expect(try ProgramRun.shell("exec pkill -KILL -n -f 'planet-dist train.*\(folder.path("run"))'") == 0)
    try run.wait()
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.lines(containing: "supervise: exit code 137 after ").count == 1, "\(run.errors)")
    #expect(run.output.contains("from epoch") && folder.has("run/models/stage-1-rn50.safetensors"))
  }

  /// mpirun by itself would end with 1, and kill the ranks.
  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"))
  func supervisesTraining() throws {
    let program = ProgramRun.path(ofProduct: "planet-dist")
    let run = try ProgramRun(
      start: "planet-dist", ranks: nil,
      ["supervise", "--", "mpirun", "-np", "2", program] + (try train(["--epochs", "1000"])))
    try run.waitFor("\n0  ")
    run.send(SIGTERM)
    try run.wait()
    #expect(run.exitCode == 75, "\(run.errors)")
    #expect(folder.has("run/state.safetensors"))
  }
}
