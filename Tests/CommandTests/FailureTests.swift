import Foundation
import TestSupport
import Testing

/// What users get wrong in files and folders: one message, the documented exit code, nothing half-written.
@Suite struct FailureTests {
  private let folder = TemporaryFolder()

  private func train(_ arguments: String..., ranks: Int? = nil, environment: [String: String] = [:]) throws
    -> ProgramRun
  {
    try ProgramRun(
      "planet-dist", ranks: ranks,
      [
        "train", "--data", folder.path("data"), "--run", folder.path("run"), "--epochs", "1", "--size", "32",
        "--batch-size", "4",
      ]
        + arguments, environment: environment)
  }

  private func sample() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"]).exitCode == 0)
  }

  @Test func noData() throws {
    let run = try train("--pretrained", "none")
    #expect(run.exitCode == 65)
    #expect(run.errors.hasPrefix("Error: \(folder.path("data")): cannot be read (No such file or directory)."))
    try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
    let empty = try train("--pretrained", "none")
    #expect(empty.exitCode == 65)
    #expect(empty.lines(containing: "Error: ").count == 1 && empty.errors.contains("--labels"))
    #expect(!folder.has("run"))
  }

  /// A rank that never joins ends the job in time: here another program in its place.
  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)")) func rankThatNeverJoins() throws {
    let run = try ProgramRun(
      "mpirun",
      [
        "-np", "1", ProgramRun.path(ofProduct: "planet-dist"), "bench", "all-reduce", "--join-timeout", "1", ":", "-np",
        "1", "sleep", "100",
      ])
    #expect(run.exitCode == 75)
    let errors = run.lines(containing: "Error: ")
    #expect(errors.count == 1 && errors[0].hasPrefix("rank 0: Error: not every rank came within 1 s."), "\(errors)")
  }

  /// A process alone needs neither a home folder, nor room for MPI's files, nor its programs.
  @Test func aloneWithoutMPI() throws {
    try sample()
    let run = try train(
      "--pretrained", "none", environment: ["HOME": "/nonexistent", "TMPDIR": "/nonexistent", "PATH": "/nonexistent"])
    #expect(run.exitCode == 0, "\(run.errors)")
  }

  @Test func noPretrainedWeights() throws {
    try sample()
    let run = try train(environment: ["TORCH_HOME": folder.path("torch")])
    #expect(run.exitCode == 65)
    #expect(
      run.errors == "Error: pretrained weights: no resnet50-*.pth in \(folder.path("torch"))/hub/checkpoints. "
        + "Run launch/get-weights resnet50, or name a file with --pretrained FILE, or start from random weights with "
        + "--pretrained none.\n")
  }

  @Test func badWeights() throws {
    try sample()
    try "not weights".write(toFile: folder.path("w.pth"), atomically: true, encoding: .utf8)
    let run = try train("--pretrained", folder.path("w.pth"))
    #expect(run.exitCode == 65)
    #expect(run.lines(containing: "w.pth").count == 1)
  }

  @Test func stageWithoutItsPredecessor() throws {
    try sample()
    let run = try train("--stages", "stage-2-rn50")
    #expect(run.exitCode == 64)
    #expect(
      run.errors.contains(
        "stage-2-rn50 continues from stage-1-rn50. Add --from stage-1-rn50, or put it first in --stages."))
  }

  @Test func unknownInstructionSet() throws {
    try sample()
    let run = try train("--pretrained", "none", environment: ["PLANET_ISA": "mmx"])
    #expect(run.exitCode == 64)
    #expect(run.errors.contains("mmx: this CPU has no kernels of that name, only "))
  }

  /// A chip that cannot be decoded ends the job on all ranks, naming the file, once.
  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"))
  func damagedImage() throws {
    try sample()
    let image = folder.path("data/train-jpg/train_5.jpg")
    try Data(contentsOf: URL(fileURLWithPath: image)).prefix(900).write(to: URL(fileURLWithPath: image))
    let run = try train("--pretrained", "none", "--no-shuffle", "--valid-pct", "0", ranks: 2)
    #expect(run.exitCode == 65)
    #expect(run.lines(containing: "train_5.jpg").count == 1, "\(run.errors)")
    #expect(!folder.has("run/models/stage-1-rn50.safetensors"))
    // What was trained before the damaged image was met is not lost.
    #expect(folder.has("run/state.safetensors"))
  }

  @Test func unwritableRun() throws {
    try sample()
    try "a file".write(toFile: folder.path("run"), atomically: true, encoding: .utf8)
    let run = try train("--pretrained", "none")
    #expect(run.exitCode == 74)
    #expect(run.lines(containing: "Error: ").count == 1)
  }

  @Test func sampleDoesNotOverwrite() throws {
    try sample()
    let again = try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"])
    #expect(again.exitCode == 65)
    #expect(again.lines(containing: "Error: ").count == 1)
  }

  @Test func evaluateSomethingElse() throws {
    try sample()
    let label = folder.path("data/train_v2.csv")
    let run = try ProgramRun("planet-dist", ["evaluate", "--checkpoint", label, "--data", folder.path("data")])
    #expect(run.exitCode == 65)
    #expect(run.lines(containing: "train_v2.csv").count == 1)
  }
}
