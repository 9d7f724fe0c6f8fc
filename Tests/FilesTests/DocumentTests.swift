import Files
import Foundation
import Testing

/// What documents and comments refer to is there: sections of the recipe, linked files and their headings, the version.
@Suite struct DocumentTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// "recipe §4.1" wherever it stands has a heading "### 4.1 …" in docs/recipe.md.
  @Test func citedSections() throws {
    let headings = try Set(Markdown(Self.text("docs/recipe.md")).headings.compactMap { $0.parts(by: " ").first })
    var cited = 0
    for file in Self.files(in: ["Sources", "Tests", "launch", "cluster", "docs"]) + ["README.md", "CONTRIBUTING.md"] {
      // Pictures and weights are no text.
      guard let text = try? Self.text(file) else { continue }
      for section in Self.sections(in: text) {
        cited += 1
        #expect(headings.contains(section), "\(file): docs/recipe.md has no section \(section)")
      }
    }
    #expect(cited > 50)
  }

  /// Links to files of the repository, and to headings in them.
  @Test func links() throws {
    let documents =
      ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
      + Self.files(in: ["docs", "cluster"]).filter { $0.ends(with: ".md") }
      + Self.files(in: ["Sources"]).filter { $0.ends(with: "/README.md") }
    var links = 0
    for document in documents {
      for link in Markdown(try Self.text(document)).links where !link.begins(with: "http") {
        links += 1
        let parts = link.parts(by: "#")
        let target = parts[0].isEmpty ? document : Self.path(of: parts[0], from: document)
        let isThere = FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(target).path)
        #expect(isThere, "\(document): there is no \(target)")
        guard isThere, parts.count > 1 else { continue }
        let anchors = Markdown(try Self.text(target)).anchors
        #expect(anchors.contains(parts[1]), "\(document): \(target) has no heading #\(parts[1])")
      }
    }
    #expect(links > 20)
  }

  /// CHANGELOG.md's newest entry, CITATION.cff and the program name the same version.
  @Test func version() throws {
    let beginning = #"let version = ""#
    let declared = try Self.files(in: ["Sources/planet-dist"]).filter { $0.ends(with: ".swift") }
      .flatMap { try Self.text($0).parts(by: "\n") }.map(\.trimmed).filter { $0.begins(with: beginning) }
      .map { String(decoding: $0.utf8.dropFirst(beginning.utf8.count).dropLast(), as: UTF8.self) }
    #expect(declared.count == 1, "Sources/planet-dist declares \(declared.count) versions by `let version = \"…\"`")

    let entries = try Markdown(Self.text("CHANGELOG.md")).headings.filter { $0.begins(with: "[") }
      .compactMap { $0.parts(by: "]").first?.parts(by: "[").last }
    let newest = entries.first { $0 != "Unreleased" }
    #expect(newest == declared.first, "CHANGELOG.md")

    let cited = try Self.text("CITATION.cff").parts(by: "\n").filter { $0.begins(with: "version: ") }
      .compactMap { $0.parts(by: " ").last }
    #expect(cited == declared, "CITATION.cff")
  }

  private static func text(_ file: String) throws -> String {
    let data = try Data(contentsOf: root.appendingPathComponent(file))
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CocoaError(.fileReadInapplicableStringEncoding)
    }
    return text
  }

  /// Paths of all files in folders of the repository.
  private static func files(in folders: [String]) -> [String] {
    folders.flatMap { folder in
      let names =
        FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)?
        .compactMap { $0 as? String } ?? []
      return names.map { folder + "/" + $0 }.filter { file in
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: root.appendingPathComponent(file).path, isDirectory: &isFolder)
          && !isFolder.boolValue
      }
    }
  }

  /// The path in the repository of what a document there links to.
  private static func path(of link: String, from document: String) -> String {
    var folders = document.parts(by: "/").dropLast()
    for part in link.parts(by: "/") {
      if part == ".." { folders = folders.dropLast() } else if part != "." { folders.append(part) }
    }
    return folders.joined(separator: "/")
  }

  /// The numbers behind section signs: "4.1" of "§4.1)".
  private static func sections(in text: String) -> [String] {
    let (sign, point) = (Array("§".utf8), UInt8(ascii: "."))
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let bytes = Array(text.utf8)
    return bytes.indices.compactMap { start -> String? in
      guard bytes[start] == sign[0], bytes[start...].starts(with: sign) else { return nil }
      var number = bytes[(start + sign.count)...].prefix { digits.contains($0) || $0 == point }
      while number.last == point { number.removeLast() }  // a sentence's end
      return number.isEmpty ? nil : String(decoding: number, as: UTF8.self)
    }
  }
}

/// What of a Markdown document links and is linked to.
private struct Markdown {
  /// Headings of every level, without their marks.
  private(set) var headings: [String] = []
  /// Targets of links and pictures.
  private(set) var links: [String] = []

  /// Code, between fences or indented, has neither.
  init(_ text: String) {
    var isCode = false
    for line in text.parts(by: "\n") {
      if line.begins(with: "```") { isCode.toggle() }
      if isCode || line.begins(with: "    ") { continue }
      if line.begins(with: "#") {
        headings.append(String(decoding: line.utf8.drop { $0 == UInt8(ascii: "#") }, as: UTF8.self).trimmed)
      }
      let opened = line.utf8.indices.filter { line.utf8[$0...].starts(with: "](".utf8) }
      links += opened.map { start in
        String(decoding: line.utf8[start...].dropFirst(2).prefix { $0 != UInt8(ascii: ")") }, as: UTF8.self)
      }
    }
  }

  /// What headings are called in links, as GitHub does it: small letters, hyphens for blanks, letters and digits only, and
  /// a number behind the second of equals.
  var anchors: Set<String> {
    var anchors = Set<String>()
    for heading in headings {
      let scalars = heading.unicodeScalars.compactMap { scalar -> String? in
        if scalar == " " { return "-" }
        let properties = scalar.properties
        let isKept = properties.isAlphabetic || properties.numericType != nil || scalar == "-" || scalar == "_"
        return isKept ? properties.lowercaseMapping : nil
      }
      let name = scalars.joined()
      var (anchor, count) = (name, 0)
      while !anchors.insert(anchor).inserted {
        count += 1
        anchor = "\(name)-\(count)"
      }
    }
    return anchors
  }
}
