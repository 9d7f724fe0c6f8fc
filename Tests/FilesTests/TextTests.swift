import Testing

@testable import Files

/// Text as bytes: what a `Character` would hide is found.
@Suite struct TextTests {
  @Test func accentsHideNothing() {
    #expect("slice(\u{301}1)".begins(with: "slice(") && !"slice(\u{301}1)".hasPrefix("slice("))
    #expect("a\u{301}.json".ends(with: ".json") && "\u{301}.json".ends(with: ".json"))
    #expect(!"json".ends(with: ".json") && "".ends(with: ""))
    #expect("a,\u{301}b,,\r\n".parts(by: ",") == ["a", "\u{301}b", "", "\r\n"])
    #expect("a\r\nb\n".parts(by: "\n") == ["a\r", "b", ""])
    #expect(
      " \t a b\t ".trimmed == "a b" && " \u{301}".trimmed.utf8.elementsEqual("\u{301}".utf8) && "  ".trimmed == "")
    #expect("a.JPĜ".asciiLowercased == "a.jpĜ")
  }

  /// What would command a terminal, end a line or turn its direction is shown; other text stays, also from right to left.
  @Test(arguments: [
    ("\u{1B}]0;owned\u{7}", "\\x1b]0;owned\\x07"), ("a\nError: b\r\n\tc", "a\\nError: b\\r\\n\\tc"),
    ("\u{9B}31m\u{7F}\u{0}", "\\x9b31m\\x7f\\x00"),
    ("x\u{202E}gpj.y\u{2066}\u{200F}", "x\\u{202e}gpj.y\\u{2066}\\u{200f}"),
    ("a\u{2028}b\u{301}\u{1B}\u{301}", "a\\u{2028}b\u{301}\\x1b\u{301}"),
    ("می‌خواهم 👩‍🌾 ναί é", "می‌خواهم 👩‍🌾 ναί é"), ("", ""),
  ])
  func shown(text: String, expected: String) {
    #expect(text.shown.unicodeScalars.elementsEqual(expected.unicodeScalars))
  }

  @Test func longTextIsCut() {
    let text = String(repeating: "é", count: 20_000)
    #expect(text.shown == String(repeating: "é", count: 10_000) + "… (40000 bytes in all)")
  }

  @Test func json() {
    #expect("[\"a\u{7F}\u{9B}\u{202E}é\"]\n".shownInJSON == "[\"a\\u007f\\u009b\\u202eé\"]\n")
  }
}

@Suite struct CSVLineTests {
  @Test(arguments: [
    (["a", "b c"], "a,b c\n"), (["a,b", "say \"x\""], "\"a,b\",\"say \"\"x\"\"\"\n"), (["", ""], ",\n"),
    (["a\r\nb"], "\"a\r\nb\"\n"), (["a\rb"], "\"a\rb\"\n"), (["a,\u{301}b"], "\"a,\u{301}b\"\n"),
    (["a\"\u{301}"], "\"a\"\"\u{301}\"\n"), (["\u{FEFF}é"], "\u{FEFF}é\n"),
  ])
  func quotes(fields: [String], line: String) {
    #expect(CSV.line(fields).utf8.elementsEqual(line.utf8))
  }

  /// Whatever fields hold, reading gives them back.
  @Test func roundTrip() {
    let pieces = ["a", ",", "\"", "\r\n", "\n", "\r", "\u{301}", " ", "é", "\u{0}", ";", ""]
    var records: [[String]] = []
    for a in pieces { for b in pieces { for c in pieces { records.append(["x" + a + b + c, c + b + a, a]) } } }
    var problems = 0
    let read = CSV.records(Array(records.map(CSV.line).joined().utf8)) { _ in problems += 1 }
    #expect(problems == 0 && read.count == records.count)
    for (read, record) in zip(read, records) {
      #expect(zip(read.fields, record).allSatisfy { $0.utf8.elementsEqual($1.utf8) })
    }
  }
}
