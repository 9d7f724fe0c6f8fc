import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct AtomicFileTests {
  private static let before = [UInt8](repeating: 1, count: 100)
  private static let after = [UInt8](repeating: 2, count: 400_000)

  private static func read(_ path: String) throws -> [UInt8] { try InputFile.read(path, limit: 1 << 20) }

  @Test("a new file replaces the old one, and nothing else is left")
  func replaces() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/state"
      try AtomicFile.write(Self.before, to: path)
      try AtomicFile.write(Self.after, to: path)
      #expect(try Self.read(path) == Self.after)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["state"])
    }
  }

  @Test("a full disk, here a limit on file sizes, is an error and harms nothing")
  func fullDisk() async throws {
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        let path = folder + "/state"
        try AtomicFile.write(AtomicFileTests.before, to: path)
        limitFileSize(10_000)
        signal(SIGXFSZ, SIG_IGN)
        let error = #expect(throws: FileError.self) { try AtomicFile.write(AtomicFileTests.after, to: path) }
        #expect(error?.description.hasPrefix("\(path): cannot write: File too large. Check the path") == true)
        #expect(try AtomicFileTests.read(path) == AtomicFileTests.before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["state"])
      }
    }
  }

  @Test("a process killed while it saves leaves the previous file")
  func killed() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/files-killed-\(UUID().uuidString)"
    let path = folder + "/state"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write(Self.before, to: path)
    await #expect(processExitsWith: .signal(SIGXFSZ)) { [path = path as String] in
      limitFileSize(10_000)
      signal(SIGXFSZ, SIG_DFL)  // kills in the middle of the writing
      var blocked = sigset_t()  // as most signals are on the threads that tests run on
      sigaddset(&blocked, SIGXFSZ)
      pthread_sigmask(SIG_UNBLOCK, &blocked, nil)
      try AtomicFile.write(AtomicFileTests.after, to: path)
    }
    #expect(try Self.read(path) == Self.before)
    // What the dead process left does not hinder the next.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    try AtomicFile.write(Self.after, to: path)
    #expect(try Self.read(path) == Self.after)

    // It is swept up on demand; what a living process is writing stays.
    let living = ".state.\(getpid()).tmp"
    try Data().write(to: URL(fileURLWithPath: folder + "/" + living))
    AtomicFile.removeLeftovers(in: folder) { $0 == "another" }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
    AtomicFile.removeLeftovers(in: folder) { $0 == "state" }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [living, "state"])
  }

  @Test("a folder in the file's place, or a file in the folder's, is an error that leaves no trace")
  func inTheWay() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/state/full", withIntermediateDirectories: true)
      let error = #expect(throws: FileError.self) { try AtomicFile.write(Self.after, to: folder + "/state") }
      #expect(error == .system(path: folder + "/state", action: "replace", code: EISDIR))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["state"])

      try AtomicFile.write(Self.before, to: folder + "/file")
      #expect(throws: FileError.self) { try AtomicFile.write(Self.after, to: folder + "/file/state") }
      #expect(throws: FileError.self) { try AtomicFile.write(Self.after, to: folder + "/file/run/state") }
      #expect(try Self.read(folder + "/file") == Self.before)
    }
  }

  @Test("what cannot be written is found before the work, and looking leaves nothing")
  func reserve() async throws {
    try withTemporaryFolder { folder in
      try AtomicFile.reserve(folder + "/run/models/x")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/run/models").isEmpty)
      for path in [folder + "/run", folder + "/run/", folder + "/other/"] {
        #expect(throws: FileError.system(path: path, action: "write", code: EISDIR)) { try AtomicFile.reserve(path) }
      }
      try AtomicFile.write(Self.before, to: folder + "/file")
      #expect(throws: FileError.self) { try AtomicFile.reserve(folder + "/file/state") }
    }
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        #expect(chdir(folder) == 0)
        limitFileSize(1000)  // as a full disk
        signal(SIGXFSZ, SIG_IGN)
        #expect(throws: FileError.system(path: "x", action: "write", code: EFBIG)) { try AtomicFile.reserve("x") }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.isEmpty)
      }
    }
  }

  @Test("names of one character work, also in the working folder")
  func shortNames() async throws {
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        #expect(chdir(folder) == 0)
        for path in ["x", "./y", "a/b", "é"] {
          try AtomicFile.reserve(path)
          try AtomicFile.write(AtomicFileTests.before, to: path)
          #expect(try AtomicFileTests.read(path) == AtomicFileTests.before)
        }
      }
    }
  }

  @Test("no link is followed: one in a file's place is replaced, one in a temporary file's harms nothing")
  func links() throws {
    try withTemporaryFolder { folder in
      let outside = folder + "/outside"
      try AtomicFile.write(Self.before, to: outside)
      for name in ["state", ".state.\(getpid()).tmp", "log"] {
        try FileManager.default.createSymbolicLink(atPath: folder + "/" + name, withDestinationPath: outside)
      }
      try AtomicFile.write(Self.after, to: folder + "/state")
      #expect(try Self.read(folder + "/state") == Self.after)
      #expect(throws: FileError.system(path: folder + "/log", action: "create", code: ELOOP)) {
        try AtomicFile.append([1], to: folder + "/log")
      }
      #expect(try Self.read(outside) == Self.before)
    }
  }
}
