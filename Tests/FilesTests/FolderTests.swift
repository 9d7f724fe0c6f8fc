import Files
import Foundation
import TestSupport
import Testing

@Suite struct FolderTests {
  /// Also the longest name a disk has, and hidden ones.
  @Test func names() throws {
    try withTemporaryFolder { folder in
      #expect(try Folder.names(folder).isEmpty)
      let names = ["a", ".b", "e\u{301}.jpg", String(repeating: "x", count: 255)]
      for name in names { try Data("text".utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
      #expect(try Set(Folder.names(folder)) == Set(names.map { Array($0.utf8) }))
      #expect(throws: FileError.system(path: folder + "/a", action: "list", code: ENOTDIR)) {
        try Folder.names(folder + "/a")
      }
      #expect(throws: FileError.system(path: folder + "/c", action: "list", code: ENOENT)) {
        try Folder.names(folder + "/c")
      }
      #expect(try InputFile.beginning(folder + "/a") == Array("text".utf8))
      try Data(repeating: 1, count: 600).write(to: URL(fileURLWithPath: folder + "/a"))
      #expect(try InputFile.beginning(folder + "/a").count == 512)
    }
  }

  @Test func escapedNames() {
    #expect(FilePath.escaped([0x63, 0xE9, 0x0A, 0x2E]) == "c\\xe9\\x0a.")
  }
}
