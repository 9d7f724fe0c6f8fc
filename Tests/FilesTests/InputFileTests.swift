import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct InputFileTests {
  private static func problem(_ path: String, limit: Int = 1 << 30) -> FileError? {
    do throws(FileError) { _ = try InputFile.read(path, limit: limit) } catch { return error }
    return nil
  }

  @Test func wholeFiles() throws {
    try withTemporaryFolder { folder in
      for count in [0, 1, 100_000] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        try AtomicFile.write(bytes, to: folder + "/file")
        #expect(try InputFile.read(folder + "/file", limit: count) == bytes)
      }
    }
  }

  @Test("pipes, folders, devices and large files are refused at once")
  func others() throws {
    try withTemporaryFolder { folder in
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      for path in [folder + "/pipe", folder, "/dev/zero"] {
        let expected = FileError.unusable(path: path, reason: "not a regular file")
        #expect(Self.problem(path) == expected)
      }
      let missing = FileError.system(path: folder + "/none", action: "open", code: ENOENT)
      #expect(Self.problem(folder + "/none") == missing)
      try AtomicFile.write([1, 2, 3], to: folder + "/file")
      let large = FileError.unusable(path: folder + "/file", reason: "3 bytes, more than 2")
      #expect(Self.problem(folder + "/file", limit: 2) == large)
    }
  }

  private static let endsEarly = "/sys/kernel/uevent_seqnum"

  /// The kernel's own files say they have a page and end before, as a file that is shortened while it is read: an error,
  /// not SIGBUS.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: Self.endsEarly), "needs \(Self.endsEarly)"))
  func shortened() {
    let reason = Self.problem(Self.endsEarly)?.reason
    #expect(reason?.hasPrefix("it was shortened while being read, from 4096 bytes to at most ") == true)
  }
}
