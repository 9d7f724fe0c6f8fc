import Foundation
import TestSupport
import Testing

@testable import Recipes
@testable import Runs
@testable import Scores

@Suite struct RunLogTests {
  private func line(_ stage: String, _ step: Int, epoch: Int = 0, loss: Double = 0.5) -> String {
    "{\"accumulated_seconds\":12.3,\"epoch\":\(epoch),\"images_per_second\":46.1,\"loss\":\(loss),"
      + "\"lr\":[0.001,0.001,0.01],\"momentum\":0.95,\"smooth_loss\":0.7,\"stage\":\"\(stage)\",\"step\":\(step)}\n"
  }

  private func log(_ text: String) throws -> RunLog { try RunLog(Array(text.utf8), path: "run/log.jsonl") }

  @Test func reads() throws {
    let records = try log(line("a", 0) + line("a", 1, epoch: 1, loss: 0.25)).records
    #expect(records.count == 2)
    #expect(
      records[1]
        == StepRecord(
          stage: "a", epoch: 1, step: 1, loss: 0.25, smoothLoss: 0.7, lr: [0.001, 0.001, 0.01], momentum: 0.95,
          imagesPerSecond: 46.1, accumulatedSeconds: 12.3))
    #expect(try log("").records == [])
    // Keys that a later version adds do not matter.
    #expect(try log(line("a", 0).replacing("{", with: "{\"new\":[{}],")).records.count == 1)
  }

  /// A run that is killed tears its last line; what it did again after resuming counts once.
  @Test func tornAndResumed() throws {
    let whole = line("a", 0) + line("a", 1) + line("a", 2)
    // The last byte is the end of a line that is whole without it.
    for length in line("a", 0).count * 2..<whole.count - 1 {
      #expect(try log(String(whole.prefix(length))).records.count == 2)
    }
    let resumed = try log(whole + line("b", 0) + line("a", 1, loss: 0.1) + line("a", 2)).records
    #expect(resumed.map(\.stage) == ["a", "a", "a", "b"] && resumed.map(\.step) == [0, 1, 2, 0])
    #expect(resumed[1].loss == 0.1)
    // A stage begun again follows what was trained before.
    #expect(try log(whole + line("b", 0) + line("a", 0)).records.map(\.stage) == ["b", "a"])
  }

  /// Anything else is an error that names the line, and never a crash.
  @Test(arguments: [
    "\n", "{}\n", "[]\n", "null\n", "{\"stage\":\n", "\u{0}\n",
  ]) func malformed(bad: String) {
    #expect(throws: RunError.badFile(path: "run/log.jsonl, line 2", reason: "it is not a training step")) {
      try log(line("a", 0) + bad + line("a", 1))
    }
  }

  @Test func deeplyNested() {
    malformed(bad: String(repeating: "[", count: 100_000) + "\n")
  }

  @Test(arguments: ["-1", "1e99", "99999999999999999999", "0.5", "\"1\"", "null"]) func implausible(step: String) {
    #expect(throws: RunError.self) {
      try log(line("a", 7).replacing("\"step\":7", with: "\"step\":\(step)"))
    }
  }

  @Test func unreadable() {
    #expect(throws: RunError.self) { try RunLog(path: "/dev/zero") }
    #expect(throws: RunError.self) { try RunLog(path: "/nonexistent/log.jsonl") }
  }
}
