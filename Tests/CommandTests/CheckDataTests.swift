import Foundation
import TestSupport
import Testing

/// A dataset spoiled on purpose: every problem is named, once, and nothing is changed.
@Suite struct CheckDataTests {
  private let folder = TemporaryFolder()

  /// Drawn once; each test has a copy.
  private static let sample = Result<TemporaryFolder, any Error> {
    let folder = TemporaryFolder()
    let run = try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "40"])
    #expect(run.exitCode == 0)
    return folder
  }

  init() throws {
    try FileManager.default.copyItem(atPath: Self.sample.get().path("data"), toPath: folder.path("data"))
  }

  private func image(_ name: String) -> URL { URL(fileURLWithPath: folder.path("data/train-jpg/\(name).jpg")) }

  private func spoil() throws {
    try Data(contentsOf: image("train_1")).prefix(900).write(to: image("train_1"))
    try Data().write(to: image("train_2"))
    try Data("GIF89a".utf8).write(to: image("train_3"))
    try FileManager.default.removeItem(at: image("train_4"))
    try Data(contentsOf: image("train_0")).write(to: image("train_5"))
    try Data(contentsOf: image("train_0")).write(to: image("extra"))
    let pixel = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../PlanetDataTests/Golden/jpeg/pixel.jpg")
    try Data(contentsOf: pixel).write(to: image("train_6"))
    let table = URL(fileURLWithPath: folder.path("data/train_v2.csv"))
    var lines = try String(contentsOf: table, encoding: .utf8).split(separator: "\n").map(String.init)
    lines[8] = "train_7"
    lines[9] = "train_8,haze haze primary"
    lines[10] = "train_9,"
    lines += ["train_0,clear", "train_10,\"clear\"er"]
    try lines.joined(separator: "\n").write(to: table, atomically: true, encoding: .utf8)
  }

  private func check(_ arguments: String..., ranks: Int? = nil) throws -> ProgramRun {
    try ProgramRun(
      "planet-dist", ranks: ranks, ["check-data", "--data", folder.path("data"), "--batch-size", "4"] + arguments)
  }

  private func snapshot() throws -> [String: Data] {
    let root = folder.path("data")
    let files = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.contains(".") }
    return try Dictionary(
      uniqueKeysWithValues: files.map { ($0, try Data(contentsOf: URL(fileURLWithPath: root + "/" + $0))) })
  }

  @Test func sound() throws {
    let run = try check("--no-estimate")
    #expect(run.exitCode == 0, "\(run.output) \(run.errors)")
    #expect(run.output.contains("40 opened, 256×256\n32 to train on, 8 to validate with\n"))
    #expect(!run.output.contains("error: "))
    #expect(run.output.contains("\nNothing that training would stop at. "))
  }

  @Test func spoiled() throws {
    try spoil()
    let before = try snapshot()
    let run = try check("--no-estimate")
    #expect(run.exitCode == 65)
    #expect(run.errors.isEmpty, "\(run.errors)")
    for line in [
      "error: wrong lines of the label file (3)",
      "  line 9: the row has 1 columns and the header 2",
      "  line 42: train_0 was on line 2 already",
      "  line 43: something other than a comma or a line's end after a field",
      "error: rows without image (1)", "  train_4.jpg",
      "error: images that cannot be used (3)", "  train_2.jpg: the file is empty",
      "  train_3.jpg: it is a GIF picture",
      "warning: rows that repeat a tag (1)", "  train_8: haze",
      "warning: rows without tags (1)", "  train_9",
      "warning: images without row (2)", "  extra.jpg", "  train_7.jpg",
      "warning: images of another size than most (1)", "  train_6.jpg: 1×1",
      "warning: images that are there already (1)",
    ] {
      #expect(run.output.split(separator: "\n").count { $0 == line } == 1, "\(line) in \(run.output)")
    }
    #expect(run.output.contains("\n  train_1.jpg: "))
    #expect(run.output.contains("\n  train_5.jpg: the same file as train_0.jpg"))
    #expect(run.output.contains("\n7 errors: training would stop. "))
    #expect(try snapshot() == before)
  }

  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"))
  func sameOnAllNumbersOfRanks() throws {
    try spoil()
    let alone = try check("--no-estimate", "--json")
    let three = try check("--no-estimate", "--json", ranks: 3)
    #expect(alone.exitCode == 65 && three.exitCode == 65)
    #expect(three.output.replacing("\r", with: "") == alone.output)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(alone.output.utf8)) as? [String: Any])
    #expect(json["sound"] as? Bool == false)
    let findings = (json["report"] as? [String: Any])?["findings"] as? [[String: Any]] ?? []
    #expect(findings.count { $0["kind"] as? String == "unusable_image" } == 3)
  }

  @Test func estimate() throws {
    let run = try check("--size", "32", "--json")
    #expect(run.exitCode == 0, "\(run.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let stages = try #require(json["stages"] as? [[String: Any]])
    #expect(stages.map { $0["size"] as? Int } == [32, 32, 32, 32])
    for stage in stages {
      let training = try #require(stage["training_images_per_second"] as? Double)
      let evaluation = try #require(stage["evaluation_images_per_second"] as? Double)
      let seconds = try #require(stage["epoch_seconds"] as? Double)
      #expect(abs(seconds - 32 / training - 8 / evaluation) < 1e-9 * seconds && training > 0)
    }
  }

  /// A recipe's own stages are timed, in its precision and batches.
  @Test func estimateOfARecipe() throws {
    try "batch_size: 4\nstages:\n  - {name: tiny, size: 32, lr: 1e-3, epochs: 3}\n".write(
      toFile: folder.path("r.yaml"), atomically: true, encoding: .utf8)
    let run = try check("--recipe", folder.path("r.yaml"))
    #expect(run.exitCode == 0, "\(run.errors)")
    let row = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("tiny ") }).split(separator: " ")
    #expect(row[1] == "32" && row.contains("3"))
  }

  /// What does not fit into memory is an error, and does not keep the rest from being reported.
  @Test func estimateOfTheImpossible() throws {
    let run = try check("--size", "4096", "--batch-size", "65536")
    #expect(run.exitCode == 65)
    #expect(run.output.contains("error: what the recipe cannot be trained for (1)"))
    #expect(run.output.contains("error: memory: this host's ranks would need about"))
    #expect(run.output.contains("2 errors: training would stop."))
  }

  /// What training would refuse, checking refuses: here a recipe that goes by a validation there is none of.
  @Test func recipeThatCannotBeTrained() throws {
    let quick = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../launch/recipes/quick.yaml").path
    let run = try check("--no-estimate", "--recipe", quick, "--valid-pct", "0")
    #expect(run.exitCode == 65 && run.output.contains("early_stopping and keep_best go by fbeta"))
    #expect(try check("--no-estimate", "--recipe", quick).exitCode == 0)
  }

  /// Another set's label file: all its rows lack images, all images lack rows, and the lists are cut.
  @Test func wrongLabelFile() throws {
    let rows = (0..<50).map { "other_\($0),clear" }.joined(separator: "\n")
    try "image_name,tags\n\(rows)\n".write(
      toFile: folder.path("data/train_v2.csv"), atomically: true, encoding: .utf8)
    let run = try check("--no-estimate")
    #expect(run.exitCode == 65)
    #expect(run.output.contains("error: rows without image (50)"))
    #expect(run.output.contains("  … and 40 more; --json lists all"))
    #expect(run.output.contains("warning: images without row (40)"))
  }

  /// Damage that can be decoded is a warning in libjpeg's words, and an error wherever --strict is given.
  @Test func damagedAndRotated() throws {
    for i in 0..<40 {
      let whole = try Data(contentsOf: image("train_\(i)"))
      try (whole.dropLast(2) + Data(repeating: 1, count: 40) + whole.suffix(2)).write(to: image("train_\(i)"))
    }
    let run = try check("--no-estimate")
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(
      run.output.contains(
        "warning: images that are damaged, but can be decoded (40)\n  train_0.jpg: Corrupt JPEG data: "))
    let strict = try check("--no-estimate", "--strict")
    #expect(strict.exitCode == 65)
    #expect(
      strict.output.contains("error: damaged images, which are refused (40)\n  train_0.jpg: Corrupt JPEG data: "))
    let drawn = ["show-batch", "--data", folder.path("data"), "--size", "32", "--out", folder.path("grid.png")]
    #expect(try ProgramRun("planet-dist", drawn).exitCode == 0)
    let refused = try ProgramRun("planet-dist", drawn + ["--strict"])
    #expect(refused.exitCode == 65 && refused.lines(containing: "Error: ").count == 1)
    #expect(
      refused.errors.contains("refused (Corrupt JPEG data: ") && refused.errors.contains("Without --strict"),
      "\(refused.errors)")
  }

  /// Tags that commas separate stop every command that reads them, which names the option that reads them so; and files
  /// and images can be named without a folder of both.
  @Test func otherSeparator() throws {
    let table = folder.path("data/train_v2.csv")
    let text = try String(contentsOfFile: table, encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.replacing(" ", with: ";") }
    try lines.joined(separator: "\n").write(toFile: table, atomically: true, encoding: .utf8)
    let data = ["--labels", table, "--images", folder.path("data/train-jpg")]
    let drawn = ["show-batch", "--size", "32", "--out", folder.path("grid.png")] + data
    for command in [["check-data", "--no-estimate"] + data, drawn] {
      let run = try ProgramRun("planet-dist", command)
      #expect(run.exitCode == 65 && (run.output + run.errors).contains("--label-delim ';'"), "\(run.errors)")
      #expect(try ProgramRun("planet-dist", command + ["--batch-size", "4", "--label-delim", ";"]).exitCode == 0)
    }
    let halves = try ProgramRun("planet-dist", ["check-data", "--labels", table])
    #expect(halves.exitCode == 64 && halves.errors.contains("--images"))
  }

  @Test func nothingToCheck() throws {
    let run = try ProgramRun("planet-dist", ["check-data", "--data", folder.path("none")])
    #expect(run.exitCode == 65)
    #expect(run.lines(containing: "Error: ").count == 1)
  }

  /// Training says at its start what shows without opening images.
  @Test func trainingWarns() throws {
    try Data(contentsOf: image("train_0")).write(to: image("extra"))
    let run = try ProgramRun(
      "planet-dist",
      [
        "train", "--data", folder.path("data"), "--run", folder.path("run"), "--epochs", "0", "--pretrained", "none",
        "--stages", "stage-1-rn50",
      ] + ["--size", "32", "--batch-size", "4"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("warning: images without row: extra.jpg\n"))
    #expect(run.output.contains("warning: labels of fewer than 10 training images: "))
  }
}
