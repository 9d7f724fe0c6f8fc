import Foundation
import PlanetData
import TestSupport
import Testing

/// `planet-dist export`: the files as onnxruntime and PyTorch read them.
@Suite(.serialized) struct ExportCommandTests {
  private static let hasPython = Python.has(
    "onnx", "onnxruntime", "torch", "torchvision", "safetensors", "numpy", "PIL")
  private static let needsPython: Comment =
    "needs python3 with onnx, onnxruntime, torch, torchvision, safetensors, numpy and pillow"
  private static let chips = "data/planet-sample/train"
  private static let weights = "weights/resnet50-eurosat.pth"
  private let folder = TemporaryFolder()

  /// At two sizes and in batches of two sizes.
  @Test(.enabled(if: hasPython, needsPython)) func syntheticChips() throws {
    try succeed(["sample", "--out", folder.path("data"), "--count", "50"])
    let train = ["train", "--data", folder.path("data"), "--batch-size", "4"]
    try succeed(
      train + ["--run", folder.path("128"), "--pretrained", "none", "--stages", "stage-1-rn50", "--size", "128"]
        + ["--epochs", "1", "--lr", "0.001"])
    let small = folder.path("128/models/stage-1-rn50.safetensors")
    // The same network, to be used on larger images.
    try succeed(
      train + ["--run", folder.path("256"), "--from", small, "--stages", "stage-1-256-rn50", "--epochs", "0"])
    let large = folder.path("256/models/stage-1-256-rn50.safetensors")
    try compare([(small, 128, 1), (large, 256, 3)], images: folder.path("data/test-jpg"))
  }

  @Test(
    .enabled(if: hasPython, needsPython),
    .enabled(
      if: SharedFiles.has(chips) && SharedFiles.has(weights), "needs ../shared/\(chips) and ../shared/\(weights)"))
  func realChips() throws {
    try succeed(
      ["train", "--data", SharedFiles.path("data/planet-sample"), "--pretrained", SharedFiles.path(Self.weights)]
        + ["--run", folder.path("run"), "--stages", "stage-1-rn50", "--epochs", "0"])
    let images = folder.path("chips")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    for chip in try FileManager.default.contentsOfDirectory(atPath: SharedFiles.path(Self.chips)).sorted().prefix(5) {
      try FileManager.default.copyItem(
        atPath: SharedFiles.path(Self.chips) + "/" + chip, toPath: images + "/" + chip)
    }
    try compare([(folder.path("run/models/stage-1-rn50.safetensors"), 128, 2)], images: images)
  }

  /// A larger network, from training to both exports. Its chips are small: of ones that are shrunk to less than half, `predict`
  /// averages pixels first, as fastai does and the comparing script does not.
  @Test(.enabled(if: hasPython, needsPython)) func resnet101() throws {
    try SyntheticSample.write(to: folder.path("data"), count: 50, size: 64)
    try succeed(
      ["train", "--data", folder.path("data"), "--batch-size", "4", "--run", folder.path("run"), "--epochs", "1"]
        + ["--pretrained", "none", "--stages", "stage-1-rn50", "--size", "32", "--lr", "0.001", "--arch", "resnet101"])
    let checkpoint = folder.path("run/models/stage-1-rn50.safetensors")
    try compare([(checkpoint, 32, 2)], images: folder.path("data/test-jpg"), arch: "resnet101")
  }

  /// Exports the first of some checkpoints with the same weights, and compares its probabilities, at the sizes of all,
  /// with those that `planet-dist predict` finds.
  private func compare(
    _ cases: [(checkpoint: String, size: Int, batch: Int)], images: String, arch: String = "resnet50"
  ) throws {
    var arguments = [images]
    for (checkpoint, size, batch) in cases {
      let predictions = folder.path("probabilities-\(size).csv")
      try succeed(["predict", "--checkpoint", checkpoint, "--images", images, "--probabilities", "--out", predictions])
      arguments += [String(size), String(batch), predictions]
    }
    try Self.loader().write(toFile: folder.path("load.py"), atomically: true, encoding: .utf8)
    // The file exported, and what the comparing script is given.
    for (format, file, source) in [
      ("onnx", "planet.onnx", "planet.onnx"), ("torchvision", "planet.safetensors", "load.py"),
    ] {
      let export = ["export", "--checkpoint", cases[0].checkpoint, "--format", format, "--threshold", "0.17"]
      try succeed(export + ["--out", folder.path(file)])
      let comparison: Comparison = try Python.run(
        Self.file("compare_export.py"), [format, folder.path(source)] + arguments)
      let about = comparison.about
      #expect(about["arch"] == arch && about["threshold"] == "0.17" && about["size"] == "\(cases[0].size)")
      #expect(about["mean"] == "[0.485,0.456,0.406]" && about["std"] == "[0.229,0.224,0.225]")
      let labels = try JSONDecoder().decode([String].self, from: Data(try #require(about["labels"]).utf8))
      #expect(comparison.cases.count == cases.count && !labels.isEmpty)
      for result in comparison.cases {
        #expect(result.images == 5 && result.columns == labels)
        #expect(result.worst < 1e-4, "\(format)")
        #expect(result.spread > 0.02, "the images hardly differ, so little was compared")
      }
    }
  }

  /// An onnxruntime of 2023, where .ci/run or a developer has put it, computes what today's does.
  @Test(
    .enabled(if: hasPython, needsPython),
    .enabled(
      if: FileManager.default.fileExists(atPath: oldRuntime + "/onnxruntime"),
      "needs onnxruntime 1.15: python3 -m pip install --target .build/onnxruntime-1.15 onnxruntime==1.15.1 'numpy<2'"))
  func oldAndNewRuntime() throws {
    try succeed(["sample", "--out", folder.path("data"), "--count", "20"])
    try succeed(
      ["train", "--data", folder.path("data"), "--batch-size", "4", "--run", folder.path("run"), "--epochs", "0"]
        + ["--pretrained", "none", "--stages", "stage-1-rn50", "--size", "32"])
    let checkpoint = folder.path("run/models/stage-1-rn50.safetensors")
    try succeed(["export", "--checkpoint", checkpoint, "--format", "onnx", "--out", folder.path("planet.onnx")])
    let program = """
      import json, numpy, onnxruntime, sys
      session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
      images = numpy.linspace(0, 1, 2 * 3 * 64 * 96, dtype="float32").reshape(2, 3, 64, 96)
      probabilities = session.run(["probabilities"], {"images": images})[0].reshape(-1).tolist()
      print(json.dumps({"version": onnxruntime.__version__, "probabilities": probabilities}))
      """
    try program.write(toFile: folder.path("run.py"), atomically: true, encoding: .utf8)
    let arguments = [folder.path("planet.onnx")]
    let new: Inference = try Python.run(folder.path("run.py"), arguments)
    let old: Inference = try Python.run(
      folder.path("run.py"), arguments, environment: ["PYTHONPATH": Self.oldRuntime])
    #expect(old.version.hasPrefix("1.15.") && new.version != old.version && !new.probabilities.isEmpty)
    expectClose(old.probabilities, new.probabilities, absolute: 1e-5)
  }

  private struct Inference: Decodable {
    let version: String
    let probabilities: [Double]
  }

  private static let oldRuntime = file("../../.build/onnxruntime-1.15")

  /// What compare_export.py prints.
  private struct Comparison: Decodable {
    struct Case: Decodable {
      let images: Int
      let columns: [String]
      /// The largest difference of two probabilities.
      let worst: Double
      /// The largest difference of two images' probabilities of the same label.
      let spread: Double
    }
    let about: [String: String]
    let cases: [Case]
  }

  /// README.md's lines that load the torchvision file.
  private static func loader() throws -> String {
    let readme = try String(contentsOfFile: file("../../README.md"), encoding: .utf8).components(separatedBy: "\n")
    let blocks = readme.split { !$0.isEmpty && !$0.hasPrefix("    ") }
    let block = blocks.first { block in block.contains { $0.contains("load_state_dict") } }
    return try #require(block).map { String($0.dropFirst(4)) }.joined(separator: "\n")
  }

  private static func file(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).path
  }

  private func succeed(_ arguments: [String]) throws {
    let run = try ProgramRun("planet-dist", arguments)
    #expect(run.exitCode == 0, "\(run.errors)")
  }
}

/// What can be wrong with an export: one message, the documented exit code, nothing written.
@Suite struct ExportFailureTests {
  private let folder = TemporaryFolder()

  private func export(to out: String, from checkpoint: String, ranks: Int? = nil) throws -> ProgramRun {
    try ProgramRun(
      "planet-dist", ranks: ranks, ["export", "--checkpoint", checkpoint, "--format", "onnx", "--out", out])
  }

  @Test func noCheckpoint() throws {
    let run = try export(to: folder.path("new/planet.onnx"), from: folder.path("none"))
    #expect(run.exitCode == 74)
    #expect(run.errors.hasPrefix("Error: \(folder.path("none")): cannot open: No such file or directory."))
    #expect(!folder.has("new/planet.onnx"))
  }

  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"))
  func notACheckpointOnTwoRanks() throws {
    try "not weights".write(toFile: folder.path("w"), atomically: true, encoding: .utf8)
    let run = try export(to: folder.path("planet.onnx"), from: folder.path("w"), ranks: 2)
    #expect(run.exitCode == 65)
    #expect(run.lines(containing: "Error: ").count == 1, "\(run.errors)")
    #expect(!folder.has("planet.onnx"))
  }

  @Test func unwritable() throws {
    try "a file".write(toFile: folder.path("folder"), atomically: true, encoding: .utf8)
    let run = try export(to: folder.path("folder/planet.onnx"), from: folder.path("none"))
    #expect(run.exitCode == 74)
    #expect(run.errors.hasPrefix("Error: \(folder.path("folder/planet.onnx")): cannot create: Not a directory."))
  }

  /// The checkpoint is what years later one wants to have kept.
  @Test func ontoTheCheckpoint() throws {
    try "precious".write(toFile: folder.path("w"), atomically: true, encoding: .utf8)
    let run = try export(to: folder.path("x/../w"), from: folder.path("w"))
    #expect(run.exitCode == 64)
    #expect(run.errors.hasPrefix("Error: --out is the checkpoint itself. Name another file."))
    #expect(try String(contentsOfFile: folder.path("w"), encoding: .utf8) == "precious")
  }
}
