import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct AtomicFileTests {
  private static let before = ["w": Golden.ramp(4)]
  private static let after = ["w": Golden.ramp(100_000)]

  @Test("a new file replaces the old one, and nothing else is left")
  func replaces() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/state.safetensors"
      try write(Self.before, to: path)
      try write(Self.after, to: path)
      #expect(try SafeTensors.read(path).tensors == Self.after)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["state.safetensors"])
    }
  }

  @Test("a full disk, here a limit on file sizes, is an error and harms nothing")
  func fullDisk() async throws {
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        let path = folder + "/state.safetensors"
        try write(AtomicFileTests.before, to: path)
        limitFileSize(10_000)
        signal(SIGXFSZ, SIG_IGN)
        let error = #expect(throws: CheckpointError.self) { try write(AtomicFileTests.after, to: path) }
        #expect(error?.description.hasPrefix("\(path): cannot write: File too large. Check the path") == true)
        #expect(try SafeTensors.read(path).tensors == AtomicFileTests.before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["state.safetensors"])
      }
    }
  }

  @Test("a process killed while it saves leaves the previous file")
  func killed() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/checkpoints-killed-\(UUID().uuidString)"
    let path = folder + "/state.safetensors"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try write(Self.before, to: path)
    await #expect(processExitsWith: .signal(SIGXFSZ)) { [path = path as String] in
      limitFileSize(10_000)
      signal(SIGXFSZ, SIG_DFL)  // kills in the middle of the writing
      var blocked = sigset_t()  // as most signals are on the threads that tests run on
      sigaddset(&blocked, SIGXFSZ)
      pthread_sigmask(SIG_UNBLOCK, &blocked, nil)
      try write(AtomicFileTests.after, to: path)
    }
    #expect(try SafeTensors.read(path).tensors == Self.before)
    // What the dead process left does not hinder the next.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    try write(Self.after, to: path)
    #expect(try SafeTensors.read(path).tensors == Self.after)

    // It is swept up on demand; what a living process is writing stays.
    let living = ".state.safetensors.\(getpid()).tmp"
    try Data().write(to: URL(fileURLWithPath: folder + "/" + living))
    AtomicFile.removeLeftovers(in: folder) { $0 == "another.safetensors" }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
    AtomicFile.removeLeftovers(in: folder) { $0 == "state.safetensors" }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [living, "state.safetensors"])
  }

  @Test("a folder in the file's place, or a file in the folder's, is an error that leaves no trace")
  func inTheWay() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/state/full", withIntermediateDirectories: true)
      let error = #expect(throws: CheckpointError.self) { try write(Self.after, to: folder + "/state") }
      #expect(error == .system(path: folder + "/state", action: "replace", code: EISDIR))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["state"])

      try write(Self.before, to: folder + "/file")
      #expect(throws: CheckpointError.self) { try write(Self.after, to: folder + "/file/state") }
      #expect(throws: CheckpointError.self) { try write(Self.after, to: folder + "/file/run/state") }
      #expect(try SafeTensors.read(folder + "/file").tensors == Self.before)
    }
  }

  @Test("what cannot be read is named")
  func unreadable() throws {
    try withTemporaryFolder { folder in
      #expect(throws: CheckpointError.system(path: folder + "/none", action: "open", code: ENOENT)) {
        try WeightsFile.read(folder + "/none")
      }
      #expect(throws: CheckpointError.unsupported(path: folder, reason: "not a regular file")) {
        try WeightsFile.read(folder)
      }
      try Data().write(to: URL(fileURLWithPath: folder + "/empty"))
      #expect(throws: CheckpointError.damaged(path: folder + "/empty", reason: "it is empty")) {
        try WeightsFile.read(folder + "/empty")
      }
    }
  }
}
