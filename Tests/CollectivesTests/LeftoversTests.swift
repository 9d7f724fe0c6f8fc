import Foundation
import TestSupport
import Testing

@testable import Collectives

@Suite struct LeftoversTests {
  /// A segment goes if it is this user's, of this host, a minute old, and in nobody's memory.
  @Test func sweep() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, age: Double) throws {
        try Data("memory".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        let old = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -age)]
        try FileManager.default.setAttributes(old, ofItemAtPath: "\(folder)/\(name)")
      }
      let kept = ["other.node1", "vader_segment.node1.0.1.1", "vader_segment.node10.0.1.0"]
      for name in kept + ["vader_segment.node1.0.1.0", "sm_segment.node1.0.1.0"] { try write(name, age: 3600) }
      try write("vader_segment.node1.0.2.0", age: 0)
      let file = open("\(folder)/\(kept[1])", O_RDONLY)
      let memory = mmap(nil, 6, PROT_READ, MAP_SHARED, file, 0)
      defer { munmap(memory, 6) }
      close(file)
      Leftovers.sweep(in: folder, host: "node1.cluster")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.sorted() == (kept + ["vader_segment.node1.0.2.0"]).sorted())
    }
  }
}
