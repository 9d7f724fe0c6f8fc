import Foundation
import TestSupport
import Testing

/// The program as a user meets it, under mpirun, on synthetic chips.
@Suite(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"), .serialized)
struct JourneyTests {
  private let folder = TemporaryFolder()

  init() throws {
    let sample = try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "40"])
    #expect(sample.exitCode == 0)
  }

  private func train(_ run: String, _ arguments: [String] = []) -> [String] {
    [
      "train", "--data", folder.path("data"), "--run", folder.path(run), "--pretrained", "none", "--size", "32",
      "--batch-size", "8",
      "--stages", "stage-1-rn50,stage-2-rn50", "--epochs", "2",
    ] + arguments
  }

  /// Train on two ranks, evaluate and predict on one and on three: the same digits.
  @Test func trainEvaluatePredict() throws {
    let training = try ProgramRun("planet-dist", ranks: 2, train("run"))
    #expect(training.exitCode == 0, "\(training.errors)")
    #expect(training.output.contains("2 ranks on "))
    #expect(training.output.contains("epoch  train_loss  valid_loss  accuracy_thresh  fbeta     time"))
    #expect(!training.output.contains("\u{1B}") && !training.output.replacing("\r\n", with: "\n").contains("\r"))
    let history = try String(contentsOfFile: folder.path("run/history.csv"), encoding: .utf8).split(separator: "\n")
    #expect(history.count == 5)
    #expect(history[0] == "stage,epoch,train_loss,valid_loss,accuracy_thresh,fbeta,time")
    #expect(!folder.has("run/state.safetensors"))
    try report()

    let model = folder.path("run/models/stage-2-rn50.safetensors")
    let evaluate = ["evaluate", "--checkpoint", model, "--data", folder.path("data"), "--json"]
    let alone = try ProgramRun("planet-dist", evaluate)
    #expect(alone.exitCode == 0)
    #expect(
      try ProgramRun("planet-dist", ranks: 3, evaluate + ["--batch-size", "2"]).output.replacing("\r", with: "")
        == alone.output)
    let printed = try #require(history.last).split(separator: ",")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(alone.output.utf8)) as? [String: Any])
    #expect(String(format: "%.6f", report["fbeta"] as? Double ?? 0) == printed[5])
    #expect(String(format: "%.6f", report["loss"] as? Double ?? 0) == printed[3])

    for (name, flags) in [("tags", []), ("probabilities", ["--probabilities"])] {
      let predict = { (out: String) in
        ["predict", "--checkpoint", model, "--images", folder.path("data/test-jpg"), "--out", folder.path(out)] + flags
      }
      #expect(try ProgramRun("planet-dist", predict("\(name)1.csv")).exitCode == 0)
      #expect(try ProgramRun("planet-dist", ranks: 3, predict("\(name)3.csv")).exitCode == 0)
      let text = try String(contentsOfFile: folder.path("\(name)1.csv"), encoding: .utf8)
      #expect(try text == String(contentsOfFile: folder.path("\(name)3.csv"), encoding: .utf8))
      let rows = text.split(separator: "\n").map { $0.prefix { $0 != "," } }
      #expect(rows == ["image_name", "test_0", "test_1", "test_2", "test_3"])
    }
  }

  /// Training wrote a report after each stage, and `report` writes it again.
  private func report() throws {
    let path = folder.path("run/report.html")
    let html = try String(contentsOfFile: path, encoding: .utf8)
    for part in [
      "<h3>stage-1-rn50</h3>", "<h3>stage-2-rn50</h3>", "Most confident mistakes", "data:image/jpeg;base64,",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    try FileManager.default.removeItem(atPath: path)
    let again = try ProgramRun("planet-dist", ["report", folder.path("run")])
    #expect(again.exitCode == 0 && again.output == "wrote \(path)\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == html)
    let nothing = try ProgramRun("planet-dist", ["report", folder.path("nothing")])
    #expect(nothing.exitCode == 65 && nothing.errors.contains("history.csv: it cannot be read"))
    #expect(!folder.has("nothing"))
  }

  /// The whole of `evaluate`, and a submission: two checkpoints, eight views, thresholds that were found, the rows of a
  /// sample submission; stopped by a signal, and continued on another number of ranks.
  @Test func submission() throws {
    for seed in ["1", "2"] {
      let arguments = train("run\(seed)", ["--seed", seed, "--stages", "stage-1-rn50", "--epochs", "0"])
      #expect(try ProgramRun("planet-dist", arguments).exitCode == 0)
    }
    let checkpoints = ["1", "2"].flatMap { ["--checkpoint", folder.path("run\($0)/models/stage-1-rn50.safetensors")] }
    let networks = checkpoints + ["--tta", "dihedral"]
    let evaluate = ["evaluate", "--data", folder.path("data")] + networks
    let text = try ProgramRun("planet-dist", evaluate + ["--save-thresholds", folder.path("t.json")])
    #expect(text.exitCode == 0, "\(text.errors)")
    #expect(text.output.contains("8 images at 32×32, mean of 2 checkpoints, TTA dihedral\nloss             "))
    for part in ["macro F2  ", "\nlabel  ", "\nbest held out: ", "expected calibration error", "\nwrote "] {
      #expect(text.output.contains(part), "\(part)")
    }
    let json = try ProgramRun("planet-dist", ranks: 2, evaluate + ["--json"])
    #expect(try ProgramRun("planet-dist", evaluate + ["--json"]).output == json.output.replacing("\r", with: ""))
    let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let search = try #require(report["threshold_search"] as? [String: Any])
    #expect(search["given"] as? Double == report["fbeta"] as? Double)
    var thresholds = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder.path("t.json"))))
        as? [String: Any])
    thresholds["__metadata__"] = nil
    #expect(search["chosen"] as? [String: Double] == thresholds as? [String: Double])

    let images = ["--images", folder.path("data/test-jpg"), "--images", folder.path("data/train-jpg")]
    let rows = (0..<40).map { "train_\(39 - $0)" } + ["test_2", "test_0", "test_1", "test_3"]
    try ("image_name,tags\n" + rows.map { $0 + ",primary\n" }.joined()).write(
      toFile: folder.path("sample.csv"), atomically: true, encoding: .utf8)
    let predict = { (out: String) in
      ["predict", "--out", folder.path(out), "--like", folder.path("sample.csv"), "--batch-size", "2"] + images
        + networks
        + ["--thresholds", folder.path("t.json")]
    }
    let whole = try ProgramRun("planet-dist", ranks: 2, predict("whole.csv"))
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let broken = try ProgramRun(start: "planet-dist", ranks: nil, predict("broken.csv"))
    try broken.waitUntil { try broken.outputSoFar().contains(" of 704 views (") }  // 2 networks, 8 views, 44 images
    broken.send(SIGTERM)
    try broken.wait()
    #expect(broken.exitCode == 75, "\(broken.output) \(broken.errors)")
    #expect(folder.has("broken.csv.partial") && !folder.has("broken.csv"))
    let again = try ProgramRun("planet-dist", ranks: 2, predict("broken.csv"))
    #expect(again.exitCode == 0 && again.output.contains("continuing: "), "\(again.output)")
    #expect(!folder.has("broken.csv.partial"))
    let written = try String(contentsOfFile: folder.path("whole.csv"), encoding: .utf8)
    #expect(try String(contentsOfFile: folder.path("broken.csv"), encoding: .utf8) == written)
    #expect(written.split(separator: "\n").dropFirst().map { String($0.prefix { $0 != "," }) } == rows)

    try "image_name,tags\ntest_0,\n".write(toFile: folder.path("sample.csv"), atomically: true, encoding: .utf8)
    let other = try ProgramRun("planet-dist", ranks: 2, predict("other.csv"))
    #expect(other.exitCode == 65 && other.lines(containing: "43: test_1, ").count == 1, "\(other.errors)")
    #expect(!folder.has("other.csv") && !folder.has("other.csv.partial"))
  }

  /// bf16 trains, and says so; what was begun in it is not continued in fp32.
  @Test func bf16() throws {
    let training = try ProgramRun(
      start: "planet-dist", ranks: 2, train("half", ["--epochs", "50", "--precision", "bf16"]))
    try training.waitUntil { folder.has("half/state.safetensors") }
    training.send(SIGUSR1)
    try training.wait()
    #expect(training.exitCode == 75, "\(training.errors)")
    #expect(training.output.contains(", bf16 multiplied as "))
    let other = try ProgramRun(
      "planet-dist", ranks: 2, train("half", ["--epochs", "50", "--precision", "fp32", "--resume"]))
    #expect(other.exitCode == 64)
    #expect(other.errors.contains("(precision: fp32, was bf16)"), "\(other.errors)")
  }

  /// SIGUSR1 to mpirun: state saved, exit code 75, and --resume ends where an undisturbed run ends.
  @Test func stopAndResume() throws {
    let whole = try ProgramRun("planet-dist", ranks: 2, train("whole", ["--epochs", "3"]))
    #expect(whole.exitCode == 0)
    let broken = try ProgramRun(start: "planet-dist", ranks: 2, train("broken", ["--epochs", "3"]))
    try broken.waitUntil { try broken.outputSoFar().contains("\n0  ") }
    broken.send(SIGUSR1)
    try broken.wait()
    #expect(broken.exitCode == 75, "\(broken.output) \(broken.errors)")
    #expect(broken.output.contains("run the same command with --resume to continue"))
    let again = try ProgramRun("planet-dist", ranks: 2, train("broken", ["--epochs", "3"]))
    #expect(again.exitCode == 64 && again.errors.contains("Add --resume to continue it"))
    #expect(try ProgramRun("planet-dist", ranks: 2, train("broken", ["--epochs", "3", "--resume"])).exitCode == 0)
    let model = { (run: String) in
      try Data(contentsOf: URL(fileURLWithPath: folder.path(run + "/models/stage-2-rn50.safetensors")))
    }
    #expect(try model("whole") == model("broken"))
    let log = try String(contentsOfFile: folder.path("broken/log.jsonl"), encoding: .utf8)
    #expect(log.split(separator: "\n").count == 2 * 3 * 4)
    if Python.has("tensorboard") {
      #expect(try curve("fbeta", in: "broken") == [3, 7, 11])
      #expect(try curve("loss/train", in: "broken") == Array(0..<12))
      #expect(try curve("images_per_second", in: "broken") == Array(0..<12))
    }
  }

  /// The steps of a curve of the first stage, as TensorBoard reads them.
  private func curve(_ tag: String, in run: String) throws -> [Int] {
    let program = """
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      events = EventAccumulator("\(folder.path(run))/tensorboard/stage-1-rn50", size_guidance={"scalars": 0})
      events.Reload()
      assert events.Images("chips")
      print([e.step for e in events.Scalars("\(tag)")])
      """
    return try JSONDecoder().decode([Int].self, from: Data(Python.run(program).utf8))
  }

  /// One rank killed: mpirun ends the job, what was saved stays, and --resume goes on from it.
  @Test func killedRank() throws {
    let run = try ProgramRun(start: "planet-dist", ranks: 2, train("killed", ["--epochs", "50"]))
    try run.waitUntil { folder.has("killed/state.safetensors") }
    #expect(try ProgramRun.shell("exec pkill -KILL -n -f 'planet-dist train.*\(folder.path("killed"))'") == 0)
    try run.wait()
    #expect(run.exitCode != 0)
    // Ended by mpirun, and not because the other rank had waited in vain for its --timeout.
    #expect(run.lines(containing: "did not come within").isEmpty, "\(run.errors)")
    let resumed = try ProgramRun(start: "planet-dist", ranks: 2, train("killed", ["--epochs", "50", "--resume"]))
    try resumed.waitUntil { try resumed.outputSoFar().contains("from epoch") }
    resumed.send(SIGUSR1)
    try resumed.wait()
    #expect(resumed.exitCode == 75)
  }
}
