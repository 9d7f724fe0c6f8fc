import Files
import TestSupport
import Testing

@testable import PlanetData

@Suite struct LabelsTests {
  private func rows(_ text: String) throws -> [Labels.Row] {
    try withTemporaryFolder { folder in
      try write(text.utf8, to: folder + "/labels.csv")
      return try Labels(path: folder + "/labels.csv").rows
    }
  }

  @Test(arguments: [
    "image_name,tags\na,x y\nb,z\n",
    "image_name,tags\r\na,x y\r\nb,z",
    "\u{FEFF}image_name,tags\n\na.jpg,x  y \n\n\nb.jpg,z\n\n",
    "\"image_name\",\"tags\"\n\"a\",\"x y\"\n\"b\",z\n",
    "tags,other,image_name\nx y,,a\nz,\"1,\n2\",b\n",
  ])
  func spellings(text: String) throws {
    #expect(try rows(text) == [Labels.Row(name: "a", tags: ["x", "y"]), Labels.Row(name: "b", tags: ["z"])])
  }

  @Test func oddButRight() throws {
    #expect(try rows("image_name,tags\na,\n") == [Labels.Row(name: "a", tags: [])])
    #expect(try rows("image_name,tags\na,x x\n") == [Labels.Row(name: "a", tags: ["x", "x"])])
    #expect(try rows("image_name,tags\n\"a \"\"b\"\"\",é\u{301}\n")[0].name == "a \"b\"")
    #expect(try rows("image_name,tags\na,\u{301}x\n")[0].tags == ["\u{301}x"])
  }

  @Test(arguments: [
    ("", 1, "empty"),
    ("\n\n", 1, "empty"),
    ("a,b\nc,d\n", 1, "header"),
    ("image_name,labels\na,x\n", 1, "header"),
    ("image_name,tags\n", 1, "no row"),
    ("image_name,tags\na,x\nb\n", 3, "1 columns"),
    ("image_name,tags\na,x\nb,y,z\n", 3, "3 columns"),
    ("image_name,tags\n,x\n", 2, "no name"),
    ("image_name,tags\n.jpg,x\n", 2, "no name"),
    ("image_name,tags\na,x\n\"b\",\"y\nz\"\na.jpg,x\n", 5, "a was on line 2"),
    ("image_name,tags\na,\"x\nb,y\nc,z\n", 2, "never closed"),
    ("image_name,tags\na,\"x\"y\n", 2, "after a field"),
    ("image_name,tags\na,x\"y\"\n", 2, "inside a field"),
    ("image_name,tags\ra,x\r", 1, "carriage return"),
    ("\u{FFFE}image_name,tags\n", 1, "the header is not"),
    ("image_name;tags\na;x\n", 1, "separated by semicolons"),
    ("image_name\ttags\na\tx\n", 1, "separated by tabs"),
    ("image_name,x,y\na,1,0\n", 1, "(one-hot), join them"),
    ("Image_Name, tags\na,x\n", 1, "but Image_Name, tags"),
    ("<html>", 1, "not CSV (it is a web page"),
    ("image_name,tags\na,x,y\n", 2, "must be in quotation marks"),
  ])
  func mistakes(text: String, line: Int, reason: String) throws {
    let error = try #require(throws: DatasetError.self) { try rows(text) }
    guard case .malformed(let path, line, let found) = error else { return #expect(Bool(false), "\(error)") }
    #expect(path.hasSuffix("labels.csv"))
    #expect(found.contains(reason), "\(error)")
  }

  /// Every mistake is reported, and costs its own line only.
  @Test func allMistakes() throws {
    try withTemporaryFolder { folder in
      let text = "image_name,tags\na,x\nb\n\"c\"d,x\ne\"f,x\n,x\na,y\ng,\"h\ni\"j\nk,x\nl,\"x\n"
      try write(text.utf8, to: folder + "/labels.csv")
      var problems: [String] = []
      let labels = try Labels(path: folder + "/labels.csv", suffix: nil, delim: nil) { problem throws(DatasetError) in
        if case .malformed(_, let line, let reason) = problem { problems.append("\(line): \(reason)") }
      }
      #expect(labels.rows == [Labels.Row(name: "a", tags: ["x"]), Labels.Row(name: "k", tags: ["x"])])
      #expect(
        problems == [
          "4: something other than a comma or a line's end after a field", "5: a quotation mark inside a field",
          "9: something other than a comma or a line's end after a field", "11: a quotation mark is never closed",
          "3: the row has 1 columns and the header 2", "6: the image has no name", "7: a was on line 2 already",
        ])
    }
  }

  /// Tags of a file of these fields.
  private func tags(_ fields: [String], delim: String? = nil) throws -> [[String]] {
    try withTemporaryFolder { folder in
      let lines = fields.enumerated().map { "i\($0),\"\($1.replacing("\"", with: "\"\""))\"\n" }
      try write(("image_name,tags\n" + lines.joined()).utf8, to: folder + "/labels.csv")
      return try Labels(path: folder + "/labels.csv", delim: delim).rows.map(\.tags)
    }
  }

  private static let separated: [(fields: [String], cause: String, mark: String?)] = [
    (["haze,primary", "clear,primary"], "commas", ","),
    (["haze, primary", "clear, primary"], "commas", ","),
    (["a, b", "c d", "a", "b", "c"], "commas", ","),
    (["a;b"], "semicolons", ";"),
    (["a ; b", "c", "d", "e"], "semicolons", ";"),
    (["a|b", "b|c", "d", "e", "f"], "bars", "|"),
    (["a、b", "b"], "ideographic commas", "、"),
    (["a b", "a\tb"], "tabs", "\t"),
    (["a b", "a\u{A0}b"], "non-breaking spaces", "\u{A0}"),
    (["a b", "a\nb"], "line ends", nil),
    (["a b", "a\u{3000}b"], "other blanks", nil),
    (["['a', 'b']", "['c']"], "a list", nil),
    (["[\"a\", \"b\"]", "[]"], "a list", nil),
    (["(a, b)", "(c,)"], "a list", nil),
  ]

  /// Files whose tags something other than a space separates; the cause, and the mark that would separate them, are named.
  @Test(arguments: separated)
  func separators(fields: [String], cause: String, mark: String?) throws {
    let error = try #require(throws: DatasetError.self) { try tags(fields) }
    guard case .otherSeparator(_, _, let reason, let found) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.contains(cause) && found == mark, "\(reason)")
    let asTheyStand = try tags(fields, delim: " ")
    #expect(asTheyStand.count == fields.count)
  }

  /// A mark within a tag or two is not a separator.
  @Test(arguments: [
    ["r&b", "rock r&b"], ["washington,dc", "boston", "boston washington,dc", "boston"], ["a", "b", "x|y", "b a"],
    ["[a]", "b", "c"], ["", ""], ["e\u{301} a"],
  ])
  func noSeparators(fields: [String]) throws { _ = try tags(fields) }

  @Test func delimiters() throws {
    #expect(try tags(["a, b c ,,d", ""], delim: ",") == [["a", "b c", "d"], []])
    #expect(try tags(["a::b", "a:b"], delim: "::") == [["a", "b"], ["a:b"]])
    #expect(try tags(["a, b"], delim: " ") == [["a,", "b"]])
    // A space is a space, also where a combining mark follows it.
    #expect(try tags(["a \u{301}b"]) == [["a", "\u{301}b"]])
  }

  /// What spreadsheets write that is not CSV in UTF-8.
  @Test func otherEncodings() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/labels.csv"
      let wide: [UInt8] = "image_name,tags\na,x\n".utf8.flatMap { [$0, 0] }
      for bytes in [wide, [0xFF, 0xFE] + wide, [0xFE, 0xFF, 0] + wide.dropLast()] {
        try write(bytes, to: path)
        let error = try #require(throws: DatasetError.self) { try Labels(path: path) }
        #expect("\(error)".contains("line 1: the file is not CSV (it is UTF-16 text)"), "\(error)")
      }
      try write("PK\u{3}\u{4}".utf8, to: path)
      let error = try #require(throws: DatasetError.self) { try Labels(path: path) }
      #expect("\(error)".contains("a zip file"))
    }
  }

  @Test func notText() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/labels.csv"
      try write(Array("image_name,tags\na,x\nb,".utf8) + [0xC3, 0x28], to: path)
      #expect(throws: DatasetError.malformed(path: path, line: 3, reason: "not UTF-8 text")) { try Labels(path: path) }
      #expect(throws: DatasetError.unreadable(path: folder, reason: "not a regular file")) { try Labels(path: folder) }
      #expect(throws: DatasetError.self) { try Labels(path: folder + "/none.csv") }
    }
  }

  /// One long row among many short ones costs some readers the product of both.
  @Test func lopsided() throws {
    let (long, short) = (String(repeating: ",", count: 200_000), String(repeating: "a,b\n", count: 200_000))
    watched("reading one long row among many") {
      #expect(throws: DatasetError.self) { try rows("image_name,tags\n" + long + "\n" + short) }
    }
  }

  @Test func garbage() throws {
    var random = NumpyRandom(seed: 1)
    let alphabet = Array("\"\",,\r\n\n ab\u{FEFF}".utf8) + [0xFF, 0x00, 0xC3]
    for _ in 0..<2000 {
      let bytes = (0..<Int(random.next() % 40)).map { _ in alphabet[Int(random.next()) % alphabet.count] }
      let lines = bytes.filter { $0 == UInt8(ascii: "\n") }.count + 1
      var problems: [CSV.Problem] = []
      let records = CSV.records(bytes) { problems.append($0) }
      for record in records { #expect((1...lines).contains(record.line) && !record.fields.isEmpty) }
      for problem in problems { #expect((1...lines).contains(problem.line)) }
    }
  }
}
