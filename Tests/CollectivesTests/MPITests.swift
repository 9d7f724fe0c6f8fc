import Foundation
import TestSupport
import Testing

/// The same operations, and failures, with processes as ranks. `ring-check` is in Tests/RingCheck.
@Suite(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"), .serialized)
struct MPITests {
  /// Through common memory, and by messages.
  @Test(arguments: 1...4, ["all", "messages"]) func everyOperation(ranks: Int, way: String) throws {
    let run = try ProgramRun("ring-check", ranks: ranks, [way])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("ok with \(ranks)"))
  }

  /// Over sockets, as between hosts.
  @Test func everyOperationOverTCP() throws {
    let run = try ProgramRun("ring-check", ranks: 2, ["messages"], environment: ["OMPI_MCA_btl": "tcp,self"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("ok with 2"))
  }

  @Test func ranksOfAHostShareMemory() throws {
    let run = try ProgramRun("ring-check", ranks: 3, ["sharing"])
    #expect(run.output.split(separator: "\n") == ["shared", "shared", "shared"], "\(run.errors)")
  }

  /// Where a host gives no memory to share, here for want of files that large, everything goes by messages.
  @Test(arguments: [("sharing", "rank 0: File too large"), ("all", "ok with 3")])
  func withoutCommonMemory(check: String, answer: String) throws {
    let program = ProgramRun.path(ofProduct: "ring-check")
    let limited = "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""
    let run = try ProgramRun(
      "/bin/bash", ranks: 3, ["-c", limited, program, check], environment: ["OMPI_MCA_btl": "tcp,self"])
    #expect(run.exitCode == 0 && run.output.contains(answer), "\(run.output) \(run.errors)")
  }

  /// Runs ring-check with so many ranks as if on each host: by their own name for it, and over sockets.
  private func onHosts(ranks: Int, perHost: Int, _ arguments: [String]) throws -> ProgramRun {
    let program = ProgramRun.path(ofProduct: "ring-check")
    let renamed =
      "unshare --uts bash -c 'hostname node$((OMPI_COMM_WORLD_RANK / \(perHost))); exec \"$0\" \"$@\"' \"$0\" \"$@\""
    return try ProgramRun(
      "/bin/bash", ranks: ranks, ["-c", renamed, program] + arguments, environment: ["OMPI_MCA_btl": "tcp,self"])
  }

  /// Among hosts that have as many ranks each, and others.
  @Test(
    .enabled(if: geteuid() == 0, "needs root, to rename hosts"), arguments: [(2, 1), (3, 1), (4, 2), (4, 3), (5, 2)])
  func asIfOnSeveralHosts(ranks: Int, perHost: Int) throws {
    let run = try onHosts(ranks: ranks, perHost: perHost, ["all"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("ok with \(ranks), on \((ranks + perHost - 1) / perHost) hosts"), "\(run.output)")
  }

  @Test(.enabled(if: geteuid() == 0, "needs root, to rename hosts"), arguments: [0, 1, 2, 3])
  func aRankOfAHostThatDoesNotComeIsNamedInTime(away: Int) throws {
    let run = try onHosts(ranks: 4, perHost: 2, ["sleep", String(away)])
    #expect(run.exitCode == 75)
    let message = "all-reduce: rank \(away) (node\(away / 2)) did not come within 2 s"
    #expect(run.lines(containing: message).count == 1, "\(run.errors)")
    #expect(run.lines(containing: "did not come").count == 1, "\(run.errors)")
  }

  /// A rank that is stopped ends the job, whatever the others do; who is silent is named, once.
  @Test(arguments: [(2, 0), (2, 1), (4, 0), (4, 3)]) func aSilentRankEndsTheJob(ranks: Int, silent: Int) throws {
    let run = try ProgramRun("ring-check", ranks: ranks, ["stop", String(silent), "alive"])
    #expect(run.exitCode == 75)
    #expect(run.lines(containing: "no sign of life").count == 1, "\(run.errors)")
    #expect(run.lines(containing: ": rank \(silent): no sign of life for ").count == 1, "\(run.errors)")
  }

  /// All ranks of a host at once, as when it loses power.
  @Test(.enabled(if: geteuid() == 0, "needs root, to rename hosts")) func aSilentHostIsNamed() throws {
    let run = try onHosts(ranks: 4, perHost: 2, ["stopHost", "1", "alive"])
    #expect(run.exitCode == 75)
    #expect(
      run.lines(containing: "rank 0: rank 2 (node1), rank 3 (node1): no sign of life for ").count == 1, "\(run.errors)")
  }

  /// A rank that the others wait for is named, and not ended.
  @Test(arguments: 0...1) func aLateRankIsNamed(late: Int) throws {
    let run = try ProgramRun("ring-check", ranks: 2, ["late", String(late), "alive"])
    #expect(run.exitCode == 0)
    #expect(run.lines(containing: "warning: ").count == 1, "\(run.errors)")
    #expect(run.lines(containing: "warning: rank \(late) keeps the others waiting, for 2 s").count == 1)
  }

  @Test func withoutMpirunItIsAJobOfOne() throws {
    let run = try ProgramRun("ring-check", ranks: nil, ["all"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("ok with 1"))
  }

  @Test func aFailureAloneIsAnOrdinaryExit() throws {
    let run = try ProgramRun("ring-check", ranks: nil, ["throw", "0"])
    #expect(run.exitCode == 70)
    #expect(run.errors == "the chosen failure. Do nothing\n")
  }

  @Test(arguments: [0, 2]) func oneRankFailsAndTheJobEnds(rank: Int) throws {
    let run = try ProgramRun("ring-check", ranks: 3, ["throw", String(rank)])
    #expect(run.exitCode == 70)
    #expect(run.lines(containing: "the chosen failure") == ["rank \(rank): the chosen failure. Do nothing"])
    #expect(run.lines(containing: "rank ").filter { $0.hasPrefix("rank ") }.count == 1, "\(run.errors)")
  }

  @Test func whatSeveralRanksFindOneSays() throws {
    let run = try ProgramRun("ring-check", ranks: 4, ["agree"])
    #expect(run.exitCode == 70)
    #expect(run.lines(containing: "finds fault") == ["rank 1: rank 1 finds fault"])
  }

  @Test func whatAllRanksFindRankZeroSays() throws {
    let run = try ProgramRun("ring-check", ranks: 4, ["share"])
    #expect(run.exitCode == 70)
    #expect(run.lines(containing: "all find") == ["rank 0: all find the same fault"])
  }

  /// Whoever waits for whom, the one that is away is named, once.
  @Test(arguments: [(2, 1), (4, 0), (4, 1), (4, 2), (4, 3)]) func aRankThatDoesNotComeIsNamedInTime(
    ranks: Int, away: Int
  ) throws {
    let run = try ProgramRun("ring-check", ranks: ranks, ["sleep", String(away)])
    #expect(run.exitCode == 75)
    #expect(run.lines(containing: "all-reduce: rank \(away) did not come within 2 s").count == 1, "\(run.errors)")
    #expect(run.lines(containing: "did not come").count == 1, "\(run.errors)")
    #expect(run.lines(containing: "came after all").isEmpty, "the job waited for the one that was away")
  }

  @Test func aRankElsewhereEndsTheJob() throws {
    let run = try ProgramRun("ring-check", ranks: 2, ["elsewhere"])
    #expect(run.exitCode == 75)
    #expect(!run.lines(containing: "is elsewhere than").isEmpty, "\(run.errors)")
  }

  /// As under the launcher of another MPI, which this one does not hear of.
  @Test func aForeignLauncherIsNoticed() throws {
    let run = try ProgramRun("ring-check", ranks: nil, ["all"], environment: ["SLURM_STEP_NUM_TASKS": "4"])
    #expect(run.exitCode == 75)
    #expect(run.errors.hasPrefix("MPI: SLURM_STEP_NUM_TASKS is 4, but MPI sees one process. Start with `mpirun -np N`"))
  }
}
