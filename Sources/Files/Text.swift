/// Text from outside is taken apart by its UTF-8 bytes, never by `Character`. "\r\n" is one `Character`, and a comma that
/// an accent follows is another `Character` than the comma: whoever looks for such passes them over, and whoever made the
/// file may want that.
extension StringProtocol {
  public func begins(with beginning: String) -> Bool { utf8.starts(with: beginning.utf8) }

  public func ends(with end: String) -> Bool { utf8.reversed().starts(with: end.utf8.reversed()) }

  /// What is between the separators, an ASCII character; empty parts too.
  public func parts(by separator: Unicode.Scalar) -> [String] {
    utf8.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Without the spaces and tabs around it.
  public var trimmed: String {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    return String(
      decoding: utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
  }

  /// With ASCII's capital letters made small.
  public var asciiLowercased: String {
    String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
  }
}

/// For a terminal, or a log file.
extension String {
  /// The text as one line that says what is in it and does nothing: characters that command a terminal, end a line or turn
  /// the direction of what follows are written as in program text, `\x1b`, `\n`, `\u{202e}`. Very long text is cut.
  public var shown: String {
    var shown = ""
    for (count, scalar) in unicodeScalars.enumerated() {
      if count == Self.longestShown { return shown + "… (\(utf8.count) bytes in all)" }
      switch scalar {
      case "\n": shown += "\\n"
      case "\r": shown += "\\r"
      case "\t": shown += "\\t"
      case _ where !scalar.commands: shown.unicodeScalars.append(scalar)
      case "\0"..."\u{FF}": shown += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: shown += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return shown
  }

  /// JSON text with such characters as JSON escapes them; where they may stand, in its strings, they mean the same.
  public var shownInJSON: String {
    var shown = ""
    for scalar in unicodeScalars {
      if scalar.commands, scalar != "\n" {
        let digits = String(scalar.value, radix: 16)
        shown += "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  private static let longestShown = 10_000
}

extension Unicode.Scalar {
  /// Whether it does something to a terminal: controls, line and paragraph separators, and the marks by which text from
  /// right to left is arranged, with which a line can be made to look like another.
  fileprivate var commands: Bool {
    switch self {
    case "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}": true
    default: properties.generalCategory == .control
    }
  }
}
