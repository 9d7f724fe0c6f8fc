import Foundation
import TestSupport
import Testing

/// Recipes on the command line: options override the file, the file overrides the defaults.
@Suite struct RecipeCommandTests {
  private let folder = TemporaryFolder()

  private func print(_ arguments: String...) throws -> ProgramRun {
    try ProgramRun("planet-dist", ["train", "--print-config"] + arguments)
  }

  private func recipe(_ text: String) throws -> String {
    try text.write(toFile: folder.path("r.yaml"), atomically: true, encoding: .utf8)
    return folder.path("r.yaml")
  }

  @Test func whatOverridesWhat() throws {
    let path = try recipe(
      "batch_size: 8\nwd: 0.1\nseed: 7\nprecision: bf16\narch: resnet101\nearly_stopping: {min_delta: 0.25}\n")
    let run = try print("--recipe", path, "--wd", "0.2", "--early-stopping", "3", "--valid-pct", "0.5")
    #expect(run.exitCode == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n").map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) }
    for line in [
      "arch: resnet101", "batch_size: 8", "seed: 7", "precision: bf16",  // the file's
      "wd: 0.2", "valid_pct: 0.5", "early_stopping: {patience: 3, min_delta: 0.25}",  // options'
      "ps: 0.5", "split_seed: 42", "- name: stage-2-256-rn50",  // defaults
    ] { #expect(lines.contains(line), "\(line) in \(run.output)") }
  }

  /// What is printed is the same recipe again, also a part of one, which still is no beginning.
  @Test func printedIsRead() throws {
    let part = try print("--stages", "stage-2-rn50", "--mixup", "0.4", "--size", "32", "--arch", "resnet152")
    #expect(part.exitCode == 0 && part.output.contains("    index: 1  #"))
    #expect(part.output.hasPrefix("arch: resnet152  #"))
    let path = try recipe(part.output)
    #expect(try print("--recipe", path).output == part.output)
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"]).exitCode == 0)
    let train = try ProgramRun(
      "planet-dist", ["train", "--data", folder.path("data"), "--recipe", path, "--run", folder.path("run")])
    #expect(train.exitCode == 64)
    #expect(train.errors == "Error: stage-2-rn50 continues from another stage. Add --from FILE.\n")
    #expect(!folder.has("run"))
  }

  /// A run by a file: its stages, and its recipe kept.
  @Test func trains() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "20"]).exitCode == 0)
    let path = try recipe(
      "batch_size: 4\nmixup: 0.4\nstages:\n  - {name: tiny, size: 32, freeze: true, lr: slice(1e-3), epochs: 3}\n")
    let run = try ProgramRun(
      "planet-dist",
      ["train", "--data", folder.path("data"), "--recipe", path, "--run", folder.path("run")]
        + ["--pretrained", "none", "--epochs", "1"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("tiny: 32×32, frozen body, 1 epoch, peak learning rates 0.0001, 0.0001, 0.001"))
    #expect(folder.has("run/models/tiny.safetensors"))
    let kept = try String(contentsOfFile: folder.path("run/recipe.yaml"), encoding: .utf8)
    #expect(kept.contains("mixup: 0.4 ") && kept.contains("epochs: 1\n"))
  }

  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"), arguments: ["train", "lr-find"])
  func oneVoice(command: String) throws {
    let path = try recipe("batchsize: 8\n")
    let run = try ProgramRun("planet-dist", ranks: 2, [command, "--data", "none", "--recipe", path])
    #expect(run.exitCode == 64)
    let errors = run.lines(containing: "Error: ")
    #expect(errors.count == 1 && errors.first?.contains("unknown key 'batchsize' (did you mean 'batch_size'?)") == true)
  }
}
