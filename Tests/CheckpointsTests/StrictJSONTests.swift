import Testing

@testable import Checkpoints

@Suite struct StrictJSONTests {
  private func decode(_ text: String) throws -> [String: Double] { try StrictJSON.decode(from: Array(text.utf8)) }

  @Test func reads() throws {
    #expect(try decode(" {\"a\": 1e-2, \"\\u0062\":2}\n") == ["a": 0.01, "b": 2])
    #expect(try decode("\u{FEFF}{\"a\": 1}") == ["a": 1])
  }

  /// However a key is written, and however deep it lies.
  @Test(arguments: [
    ("{\"a\": 1, \"b\": 2, \"a\": 1}", "a"), ("{\"a\": 1, \"\\u0061\": 2}", "a"),
    ("\u{FEFF}{\"\u{E9}\": 1, \"e\u{301}\": 2}", "\u{E9}"),
  ]) func refusesRepeatedKeys(text: String, key: String) throws {
    #expect(throws: StrictJSON.Problem(reason: "'\(key)' comes twice")) { try decode(text) }
    #expect(throws: StrictJSON.Problem(reason: "'\(key)' comes twice")) {
      let inner = text.replacing("\u{FEFF}", with: "")
      _ = try StrictJSON.decode([[String: [String: Double]]].self, from: Array("[{\"x\": \(inner)}]".utf8))
    }
  }

  @Test(arguments: ["", "{", "{\"a\": x}", "[1]", "{\"a\": 1} 2", "{\"a\": 1,}"]) func refusesWhatIsNone(text: String) {
    #expect(throws: (any Error).self) { try decode(text) }
  }
}
