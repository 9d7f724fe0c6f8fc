import Compute
import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct FindingTests {
  private func rows(_ tags: [String]) -> [Labels.Row] {
    tags.enumerated().map { Labels.Row(name: "i\($0)", tags: $1.split(separator: " ").map(String.init)) }
  }

  @Test func aboutRows() {
    let split = Split(count: 20)
    var tags = [String](repeating: "a b", count: 20)
    tags[split.train[0]] = "a a b onlyTrain"
    tags[split.train[1]] = ""
    tags[split.valid[0]] = "a b onlyValid"
    let findings = Finding.inRows(rows(tags), split)
    #expect(
      findings.filter { $0.kind != .repeatedTag && $0.kind != .untaggedRow } == [
        Finding(.unvalidatedLabel, "onlyTrain", "1"), Finding(.unknownTag, "onlyValid", "1"),
      ])
    #expect(findings.contains(Finding(.repeatedTag, "i\(split.train[0])", "a")))
    #expect(findings.contains(Finding(.untaggedRow, "i\(split.train[1])")))
    let table = LabelCount.table(rows(tags), split)
    #expect(table.map(\.label) == ["a", "b", "onlyTrain", "onlyValid"])
    #expect(table[0].train == 15 && table[0].valid == 4 && table[3].valid == 1)
    // Without a validation part, no label can be missing from it.
    let all = Finding.inRows(rows(["a", "b"]), Split(count: 2, validPct: 0))
    #expect(all == [Finding(.rareLabel, "a", "1"), Finding(.rareLabel, "b", "1")])
  }

  @Test func aboutListings() throws {
    try withTemporaryFolder { folder in
      for name in ["i0.jpg", "z.jpg", "b.JPEG", ".hidden.jpg", "notes.txt", "i2.PNG"] {
        try write([], to: "\(folder)/\(name)")
      }
      #expect(
        Finding.inListing(rows(["a", "a", "a"]), try ImageFolder(folder)) == [
          Finding(.missingImage, "i1.jpg"), Finding(.missingImage, "i2.jpg", "i2.PNG is there"),
          Finding(.unlabelledImage, "b.JPEG"), Finding(.unlabelledImage, "z.jpg"),
        ])
      try write([], to: folder + "/z.jpeg")
      let finding = try #require(Finding.inListing([], try ImageFolder(folder)).first)
      #expect(finding.kind == .unusableName && finding.kind.isError && finding.subject.contains("two images named z"))
    }
  }

  @Test func aboutImages() throws {
    try withTemporaryFolder { folder in
      let chip = try #require(JPEG.encode(pattern(height: 16, width: 16), quality: 90))
      let small = try #require(JPEG.encode(pattern(height: 8, width: 16), quality: 90))
      // A comment segment changes the file and not the picture.
      let twin = Array(chip[..<2]) + [0xFF, 0xFE, 0, 3, 65] + chip[2...]
      let files: [(String, [UInt8])] = [
        ("a", chip), ("b", small), ("c", chip), ("d", twin), ("e", []), ("f", Array(chip.prefix(chip.count / 2))),
      ]
      for (name, bytes) in files { try write(bytes, to: folder + "/" + name) }
      let names = files.map(\.0) + ["none"]
      let facts = ImageFacts.scan(names, in: folder, threads: Threads(3))
      #expect(facts == ImageFacts.scan(names, in: folder, threads: Threads(1)))
      #expect(ImageFacts.usualSize(facts) == [16, 16])
      let uses = names.indices.map { ImageUse(tags: $0 == 2 ? ["x"] : [], validates: $0 == 3) }
      let findings = Finding.inImages(names, facts, uses: uses)
      #expect(
        findings.prefix(4) == [
          Finding(.oddSize, "b", "16×8"), Finding(.repeatedImage, "c", "the same file as a, with other tags"),
          Finding(.repeatedImage, "d", "the same pixels as a, and only one of them validates"),
          Finding(.unusableImage, "e", "the file is empty"),
        ])
      #expect(findings.dropFirst(4).map(\.kind) == [.unusableImage, .unusableImage])
      #expect(findings.last == Finding(.unusableImage, "none", "No such file or directory"))
    }
  }

  @Test func summaries() {
    let findings = (0..<7).map { Finding(.untaggedRow, "i\($0)") } + [Finding(.rareLabel, "x", "3")]
    #expect(
      Finding.summaries(findings) == [
        "labels of fewer than 10 training images: x (3)", "rows without tags: i0, i1, i2, i3, i4, … 7 in all",
      ])
  }

  /// The competition's file, as recipe §0.7 and its table have it.
  @Test(.enabled(if: SharedFiles.has("data/train_v2.csv"), "needs ../shared/data/train_v2.csv"))
  func competition() throws {
    let rows = try Labels(path: SharedFiles.path("data/train_v2.csv")).rows
    let split = Split(count: rows.count)
    #expect(Finding.inRows(rows, split).map(\.kind) == [Finding.Kind](repeating: .repeatedTag, count: 73))
    let table = LabelCount.table(rows, split)
    #expect(table.count == 17 && table[4].label == "blow_down" && table[4].train == 73 && table[4].valid == 25)
    #expect(table.reduce(0) { $0 + $1.train } == 93069 && table.reduce(0) { $0 + $1.valid } == 23136)
  }
}
