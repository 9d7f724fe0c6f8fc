import Testing

@testable import Files

@Suite struct FilePathTests {
  @Test(arguments: [
    ("x", "", "x"), ("/x", "/", "x"), ("a/x", "a", "x"), ("a/b/x/", "a/b", "x"), ("/", "/", ""), ("", "", ""),
    ("./x", ".", "x"), ("a//x", "a/", "x"), ("e\u{301}/\u{301}", "e\u{301}", "\u{301}"),
  ])
  func parts(path: String, folder: String, name: String) {
    #expect(FilePath.folder(of: path).utf8.elementsEqual(folder.utf8))
    #expect(FilePath.name(of: path).utf8.elementsEqual(name.utf8))
  }

  @Test func absolute() {
    #expect(FilePath.absolute("/a/b") == "/a/b")
    let here = FilePath.absolute("")
    #expect(here.utf8.first == UInt8(ascii: "/") && FilePath.absolute("a/b") == FilePath.join(here, "a/b"))
  }

  @Test func names() {
    #expect(FilePath.stem(of: "runs/a/stage-1.rn50.safetensors") == "stage-1.rn50")
    #expect(FilePath.stem(of: ".hidden") == ".hidden" && FilePath.suffix(of: ".hidden") == "")
    #expect(FilePath.suffix(of: "a.b/picture.PNG") == "png" && FilePath.suffix(of: "a.b/picture") == "")
    #expect(FilePath.join("", "x") == "x" && FilePath.join("/", "x") == "/x" && FilePath.join("a", "x") == "a/x")
  }
}
