import Foundation
import TestSupport
import Testing

/// show-batch, as a user meets it.
@Suite struct ShowBatchTests {
  private let folder = TemporaryFolder()

  private func sample() throws {
    #expect(try ProgramRun("planet-dist", ["sample", "--out", folder.path("data"), "--count", "12"]).exitCode == 0)
  }

  private func showBatch(_ out: String, _ arguments: String...) throws -> ProgramRun {
    try ProgramRun(
      "planet-dist",
      ["show-batch", "--data", folder.path("data"), "--size", "32", "--out", folder.path(out)] + arguments)
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }

  @Test func showBatch() throws {
    try sample()
    let svg = try showBatch("batch.svg", "--rows", "2")
    #expect(svg.exitCode == 0 && svg.output == "wrote 4 chips of 32×32 to \(folder.path("batch.svg"))\n")
    let text = String(decoding: try bytes("batch.svg"), as: UTF8.self)
    #expect(text.split(separator: "data:image/jpeg;base64,").count == 5)
    #expect(text.contains("<title>stage-1-rn50, epoch 0</title>") && text.contains("primary"))
    // The same chips again; others in another epoch, stage and seed; more than there are is all there are.
    for (name, arguments) in [
      ("0", []), ("again", []), ("epoch", ["--epoch", "1"]), ("stage", ["--stage", "stage-2-rn50"]),
      ("seed", ["--seed", "2"]), ("valid", ["--valid"]), ("plain", ["--no-augment"]),
    ] {
      let run = try ProgramRun(
        "planet-dist",
        ["show-batch", "--data", folder.path("data"), "--size", "32", "--out", folder.path(name + ".png")] + arguments)
      #expect(run.exitCode == 0 && run.output.hasPrefix("wrote \(name == "valid" ? 2 : 9) chips"), "\(run.errors)")
    }
    let first = try bytes("0.png")
    #expect(try first == bytes("again.png"))
    for other in ["epoch", "stage", "seed", "valid", "plain"] { #expect(try first != bytes(other + ".png")) }
    #expect(try showBatch("batch.jpg").exitCode == 0)
    #expect(try bytes("batch.jpg").starts(with: [0xFF, 0xD8, 0xFF]))
  }

  @Test func showBatchGoesWrong() throws {
    #expect(try showBatch("batch.svg").exitCode == 65)
    try sample()
    let run = try showBatch("data/train_v2.csv/batch.svg")
    #expect(run.exitCode == 74 && run.lines(containing: "Error: ").count == 1)
    #expect(try showBatch("batch.svg", "--valid", "--valid-pct", "0").exitCode == 65)
    let huge = try showBatch("batch.jpg", "--size", "4096")
    #expect(huge.exitCode == 64 && huge.errors.contains("12288 pixels wide, more than 8192"), "\(huge.errors)")
    let stage = try showBatch("batch.svg", "--stage", "stage-9")
    #expect(stage.exitCode == 64 && stage.errors.contains("--stage: no stage stage-9. There are stage-1-rn50,"))
  }
}
