import Files
import Foundation
import TestSupport
import Testing

@testable import TensorBoard

@Suite struct EventFileTests {
  private static let hasTensorBoard = Python.has("tensorboard")
  private static let needsPython: Comment = "needs python3 with tensorboard"

  @Test("checksums are those of RFC 3720, appendix B.4")
  func checksum() {
    #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.of(0..<32) == 0x46DD_794E)
    #expect(CRC32C.of("123456789".utf8) == 0xE306_9283)
  }

  @Test("a file begins with its version and the step it starts at, and every call adds one whole record")
  func records() throws {
    try withTemporaryFolder { folder in
      let file = try EventFile(
        folder: folder + "/run/logs", startStep: 7, wallTime: Date(timeIntervalSince1970: 1_700_000_000.5))
      let name = (file.path as NSString).lastPathComponent
      #expect(name.hasPrefix("events.out.tfevents.1700000000.") && name.hasSuffix(".\(getpid()).0"))
      #expect(try events(file.path).map(\.step) == [0, 7])
      try file.scalar("loss", 0.25, step: 8)
      let all = try events(file.path)
      #expect(all[0].fileVersion == "brain.Event:2" && all[0].wallTime == 1_700_000_000.5)
      #expect(all[1].sessionLog.status == .start)
      #expect(all[2].summary.value.map(\.tag) == ["loss"] && all[2].summary.value[0].simpleValue == 0.25)
    }
  }

  @Test("TensorBoard reads curves, pictures and texts", .enabled(if: hasTensorBoard, needsPython))
  func readBack() throws {
    try withTemporaryFolder { folder in
      let file = try EventFile(folder: folder, startStep: 0)
      for step in 0..<300 {
        try file.scalar("loss/train", 1 / Double(step + 1), step: step, wallTime: Date(timeIntervalSince1970: 5e8))
      }
      try file.scalar("größe", -2.5, step: 3_000_000_000)
      try file.image("batch", jpeg: [0xFF, 0xD8, 0, 7], width: 4, height: 3, step: 2)
      try file.text("configuration", "| lr | 0.01 |", step: 0)
      let seen = try read(folder)
      #expect(seen.scalars["loss/train"]?.map { $0[0] } == (0..<300).map(Double.init))
      #expect(seen.scalars["loss/train"]?.map { Float($0[1]) } == (0..<300).map { Float(1 / Double($0 + 1)) })
      #expect(seen.scalars["loss/train"]?[0][2] == 5e8)
      #expect(seen.scalars["größe"]?.count == 1 && seen.scalars["größe"]?[0][0] == 3e9)
      #expect(seen.images == ["batch": [.init(step: 2, width: 4, height: 3, bytes: [0xFF, 0xD8, 0, 7])]])
      #expect(seen.texts == ["configuration": ["| lr | 0.01 |"]] && seen.plugins == ["configuration": "text"])
    }
  }

  /// Killed at step 9 in the middle of a record, resumed from what was saved at step 5, in the same second.
  @Test("a resumed run replaces what the killed one told of later steps", .enabled(if: hasTensorBoard, needsPython))
  func resume() throws {
    try withTemporaryFolder { folder in
      let now = Date.now
      let killed = try EventFile(folder: folder, startStep: 0, wallTime: now)
      for step in 0...9 { try killed.scalar("loss", 1, step: step) }
      #expect(truncate(killed.path, off_t(try Data(contentsOf: URL(fileURLWithPath: killed.path)).count - 3)) == 0)
      #expect(try read(folder).scalars["loss"]?.map { $0[0] } == [0, 1, 2, 3, 4, 5, 6, 7, 8])

      let resumed = try EventFile(folder: folder, startStep: 5, wallTime: now)
      #expect(resumed.path != killed.path)
      for step in 5...6 { try resumed.scalar("loss", 2, step: step) }
      let loss = try read(folder).scalars["loss"]
      #expect(loss?.map { $0[0] } == [0, 1, 2, 3, 4, 5, 6] && loss?.map { $0[1] } == [1, 1, 1, 1, 1, 2, 2])
    }
  }

  @Test("a full disk, here a limit on file sizes, is an error that leaves whole records, and goes by")
  func fullDisk() async throws {
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        let file = try EventFile(folder: folder, startStep: 0)
        let picture = [UInt8](repeating: 1, count: 6000)
        signal(SIGXFSZ, SIG_IGN)
        limitFileSize(10_000)
        try file.image("first", jpeg: picture, width: 1, height: 1, step: 1)
        let error = #expect(throws: FileError.self) {
          try file.image("second", jpeg: picture, width: 1, height: 1, step: 2)
        }
        #expect(error?.description.hasPrefix("\(file.path): cannot write: File too large. Check the path") == true)
        #expect(try events(file.path).map(\.step) == [0, 0, 1])
        limitFileSize(20_000)
        try file.scalar("third", 3, step: 3)
        #expect(try events(file.path).map(\.step) == [0, 0, 1, 3])
      }
    }
  }

  @Test("a folder that cannot be made is an error")
  func inTheWay() throws {
    try withTemporaryFolder { folder in
      try Data().write(to: URL(fileURLWithPath: folder + "/logs"))
      let error = #expect(throws: FileError.self) { try EventFile(folder: folder + "/logs", startStep: 0) }
      #expect(error?.description.contains(folder + "/logs") == true)
    }
  }

  private func read(_ folder: String) throws -> Seen {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("read_events.py")
    return try Python.run(script.path, [folder])
  }
}
