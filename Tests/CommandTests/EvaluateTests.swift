import Foundation
import TestSupport
import Testing

/// What `evaluate` judges a checkpoint on, and what it says where that is not what the checkpoint's run held out.
@Suite(.serialized) struct EvaluateTests {
  private let folder = TemporaryFolder()

  private func run(_ arguments: [String]) throws -> ProgramRun { try ProgramRun("planet-dist", arguments) }

  private func train(_ run: String, _ arguments: [String]) throws -> ProgramRun {
    let training = try self.run(
      ["train", "--data", folder.path("data"), "--run", folder.path(run), "--size", "32", "--batch-size", "4"]
        + ["--epochs", "1", "--stages", "stage-1-rn50"] + arguments)
    #expect(training.exitCode == 0, "\(training.errors)")
    return training
  }

  private func model(_ run: String) -> String { folder.path(run + "/models/stage-1-rn50.safetensors") }

  private func evaluate(_ models: [String], data: String = "data", _ arguments: [String] = []) throws -> ProgramRun {
    let checkpoints = models.flatMap { ["--checkpoint", model($0)] }
    return try run(["evaluate", "--data", folder.path(data), "--json"] + checkpoints + arguments)
  }

  private func report(_ run: ProgramRun) throws -> [String: Any] {
    #expect(run.exitCode == 0, "\(run.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  /// Two runs of other splits, the second from the first, in bf16; then everything that can be asked of them.
  @Test func heldOutImages() throws {
    #expect(try run(["sample", "--out", folder.path("data"), "--count", "20"]).exitCode == 0)
    // Every split has every tag to train on.
    let labels = ["image_name,tags"] + (0..<20).map { "train_\($0),\($0 % 2 == 0 ? "clear primary" : "haze water")" }
    try write(labels, to: "data/train_v2.csv")
    _ = try train("7", ["--pretrained", "none", "--split-seed", "7", "--precision", "bf16"])
    let history = try String(contentsOfFile: folder.path("7/history.csv"), encoding: .utf8).split(separator: "\n")
    let row = try #require(history.last).split(separator: ",")

    // The digits that the training printed, with nothing said of split and precision.
    let own = try evaluate(["7"], ["--save-thresholds", folder.path("t.json")])
    let scores = try report(own)
    #expect(own.errors.isEmpty && scores["images"] as? Int == 4 && scores["precision"] as? String == "bf16")
    #expect(String(format: "%.6f", scores["loss"] as? Double ?? 0) == row[3])
    #expect(String(format: "%.6f", scores["fbeta"] as? Double ?? 0) == row[5])

    // The same data elsewhere, in another order.
    try copy("moved", labels[...0] + labels.dropFirst().reversed())
    #expect(try evaluate(["7"], data: "moved").output == own.output)

    // Another split is scored, and said to be trained on; the first run's network goes on with it, which is said too.
    let other = try evaluate(["7"], ["--split-seed", "42"])
    #expect(try report(other)["images"] as? Int == 4)
    #expect(other.lines(containing: "was trained on ").count == 1, "\(other.errors)")
    let second = try train("42", ["--from", model("7")])
    #expect(second.output.contains("warning: \(model("7")) was trained on 2 of the 4 images to validate with"))
    let all = try evaluate(["7"], ["--all"])
    #expect(try report(all)["images"] as? Int == 20)
    #expect(all.lines(containing: "was trained on 16 of the 20 images evaluated").count == 1, "\(all.errors)")
    // numpy's first four of a permutation of 20: 1, 17, 2, 5 for seed 7, and 0, 17, 15, 1 for 42.
    let mixed = try evaluate(["7", "42"])
    #expect(try report(mixed)["images"] as? Int == 2 && mixed.lines(containing: "different precisions").count == 1)
    #expect(mixed.lines(containing: "judged on the 2 images that all of them held out").count == 1)
    #expect(try evaluate(["42"]).lines(containing: "was trained on 2 of the 4 images evaluated").count == 1)

    // Thresholds chosen on the images that are scored.
    let flattered = try evaluate(["7"], ["--thresholds", folder.path("t.json")])
    #expect(flattered.lines(containing: "t.json was chosen on 4 of the 4 images evaluated").count == 1)

    // Other data are refused, unless they are to be a test set; tags that the model does not know in any case.
    try copy("fewer", labels.dropLast())
    let refused = try evaluate(["7"], data: "fewer")
    #expect(refused.exitCode == 65 && refused.output.isEmpty)
    #expect(refused.lines(containing: "was made of other data: of 20 images (").count == 1, "\(refused.errors)")
    #expect(try report(evaluate(["7"], data: "fewer", ["--all"]))["images"] as? Int == 19)
    try copy("unknown", labels[...0] + (0..<20).map { "train_\($0),nothing" })
    let unknown = try evaluate(["7"], data: "unknown")
    #expect(unknown.exitCode == 65 && unknown.output.isEmpty)
    #expect(unknown.lines(containing: "none of its tags is a label of the model (tags: 1: nothing; ").count == 1)
  }

  /// The data with another label file.
  private func copy(_ name: String, _ rows: some Sequence<String>) throws {
    try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(name + "/train-jpg"), withDestinationPath: folder.path("data/train-jpg"))
    try write(rows, to: name + "/train_v2.csv")
  }

  private func write(_ rows: some Sequence<String>, to name: String) throws {
    try rows.map { $0 + "\n" }.joined().write(toFile: folder.path(name), atomically: true, encoding: .utf8)
  }

  /// Nothing held out is nothing to judge by.
  @Test func nothingHeldOut() throws {
    #expect(try run(["sample", "--out", folder.path("data"), "--count", "8"]).exitCode == 0)
    _ = try train("0", ["--pretrained", "none", "--valid-pct", "0", "--epochs", "0"])
    let none = try evaluate(["0"])
    #expect(none.exitCode == 65 && none.errors.contains("its run held no images out. "), "\(none.errors)")
    let both = try evaluate(["0"], ["--all", "--split-seed", "1"])
    #expect(both.exitCode == 64 && both.errors.contains("--all scores every image. Leave out --valid-pct"))
  }
}
