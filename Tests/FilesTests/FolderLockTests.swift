import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files

@Suite struct FolderLockTests {
  private let folder = TemporaryFolder()

  private func holder(of path: String) -> String? {
    do {
      _ = try FolderLock(path)
      return nil
    } catch FileError.busy(_, let holder) {
      return holder
    } catch {
      return "\(error)"
    }
  }

  @Test func oneAtATime() throws {
    let path = folder.path("a/run")
    let lock = try FolderLock(path)
    #expect(try #require(holder(of: path)).hasPrefix("process \(getpid()) on "))
    withExtendedLifetime(lock) {}
  }

  /// What was made for nothing goes with the lock; what holds something, or was there before, stays.
  @Test func leavesNothing() throws {
    #expect(holder(of: folder.path("new")) == nil)
    #expect(!folder.has("new"))
    try FileManager.default.createDirectory(atPath: folder.path("old"), withIntermediateDirectories: true)
    #expect(holder(of: folder.path("old")) == nil)
    #expect(folder.has("old") && !folder.has("old/lock"))
    do {
      let lock = try FolderLock(folder.path("used"))
      try AtomicFile.write("x", to: lock.folder + "/file")
    }
    #expect(folder.has("used/file") && !folder.has("used/lock"))
  }

  /// A killed process leaves its file behind, but no lock.
  @Test func staleFile() throws {
    try AtomicFile.write("process 1 on elsewhere\n", to: folder.path("run/lock"))
    #expect(holder(of: folder.path("run")) == nil)
  }

  @Test func unusable() throws {
    try AtomicFile.write("a file", to: folder.path("file"))
    #expect(throws: FileError.system(path: folder.path("file/lock"), action: "create", code: ENOTDIR)) {
      try FolderLock(folder.path("file"))
    }
    symlink(folder.path("elsewhere"), folder.path("linked"))
    mkdir(folder.path("run"), 0o755)
    symlink(folder.path("elsewhere"), folder.path("run/lock"))
    #expect(throws: FileError.self) { try FolderLock(folder.path("run")) }
    #expect(throws: FileError.self) { try FolderLock(folder.path("linked")) }
    #expect(!folder.has("elsewhere"))
  }

  /// However many come and go at the same moment, never do two hold it.
  @Test func races() {
    let path = folder.path("run")
    let inside = Atomic(0)
    let entered = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 50) { _ in
      guard let lock = try? FolderLock(path) else { return }
      #expect(inside.add(1, ordering: .sequentiallyConsistent).newValue == 1)
      entered.add(1, ordering: .relaxed)
      inside.subtract(1, ordering: .sequentiallyConsistent)
      withExtendedLifetime(lock) {}
    }
    #expect(entered.load(ordering: .relaxed) > 0 && !folder.has("run/lock"))
  }
}
