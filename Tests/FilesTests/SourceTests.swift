import Foundation
import Testing

/// The sources take text from outside apart by bytes or Unicode scalars. What goes by `Character`, or reads files past
/// the one door for them, is found here before somebody's file finds it.
@Suite struct SourceTests {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources").standardizedFileURL

  /// What to write instead stands in `Files/Text.swift`, `Files/CSV.swift` and `Files/InputFile.swift`.
  private static let traps = [
    #"\bCharacter\b"#, #"\.has(Prefix|Suffix)\("#, #"\.contains\(""#, #"\.split\(separator: ""#, #"whereSeparator"#,
    #"components\(separatedBy"#, #"trimmingCharacters"#, #"\.(low|upp)ercased\(\)"#, #"\.replacing\("#,
    #"replacingOccurrences"#, #"\\\.is(Whitespace|Newline|Letter|Number|HexDigit)"#, #"firstIndex\(of: ""#,
    #"contentsOfFile"#, #"contentsOf: URL"#, #"contents\(atPath"#, #"NSString"#, #"(?<![.\w])(?<!func )print\("#,
  ]

  /// Text that is our own from beginning to end, or only laid out.
  private static let allowed: [String: [String]] = [
    "Charts/BrailleCanvas.swift": [#"\bCharacter\b"#], "Charts/LineChart+Text.swift": [#"\bCharacter\b"#],
    "Charts/SVG.swift": [#"\.has(Prefix|Suffix)\("#],
    "Compute/OpenBLAS.swift": [#"\.has(Prefix|Suffix)\("#],
    "Compute/Kernels.swift": [#"\.(low|upp)ercased\(\)"#],
    "ResNet/Parameters+Initialize.swift": [#"\.has(Prefix|Suffix)\("#],
    "ResNet/Architecture+Memory.swift": [#"\.has(Prefix|Suffix)\("#],
    "ResNet/GradientBuckets.swift": [#"\.contains\(""#],
    "PlanetData/Synthetic/SyntheticChip.swift": [#"\.contains\(""#],
    "planet-dist/Console.swift": [#"(?<![.\w])(?<!func )print\("#],
    "PlanetData/Images/ImageFolder.swift": [#"\.(low|upp)ercased\(\)"#],  // for a hint: which names look alike
    // What the kernel writes.
    "Collectives/ControlGroups.swift": [#"\.split\(separator: ""#, #"firstIndex\(of: ""#, #"\.contains\(""#],
    "Collectives/Allowance.swift": [#"\.split\(separator: ""#],
    "Recipes/Configuration.swift": [#"\.contains\(""#],  // of our own keys
    // An array of fields, not a text.
    "PlanetData/Dataset/LabelColumns.swift": [#"firstIndex\(of: ""#],
    "Runs/HistoryTable.swift": [#"firstIndex\(of: ""#],
  ]

  @Test func noTraps() throws {
    let files = FileManager.default.enumerator(atPath: Self.sources.path)?.compactMap { $0 as? String } ?? []
    let swift = files.filter { $0.hasSuffix(".swift") && !$0.hasSuffix(".pb.swift") }
    #expect(swift.count > 100)
    let traps = try Self.traps.map { (pattern: $0, regex: try NSRegularExpression(pattern: $0)) }
    for file in swift {
      let text = try String(contentsOf: Self.sources.appendingPathComponent(file), encoding: .utf8)
      for (number, line) in text.components(separatedBy: "\n").enumerated() {
        let code = line.components(separatedBy: "//")[0]
        for trap in traps where Self.allowed[file]?.contains(trap.pattern) != true {
          let found = trap.regex.firstMatch(in: code, range: NSRange(code.startIndex..., in: code)) != nil
          #expect(!found, "Sources/\(file), line \(number + 1): \(trap.pattern) in \(code)")
        }
      }
    }
  }
}
