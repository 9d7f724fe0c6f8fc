import Files
import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct DatasetTests {
  /// Ten images; `rare` is the tag of one that the split for seed 42 puts into the validation part.
  @discardableResult
  private func withData<R>(
    images: String = "train-jpg", labels: String = "train_v2.csv", missing: Set<Int> = [], _ body: (String) throws -> R
  ) throws -> R {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/" + images, withIntermediateDirectories: true)
      let rare = Split(count: 10).valid[0]
      var text = "image_name,tags\n"
      for i in 0..<10 {
        text += "i\(i),\(i == rare ? "rare b" : i % 2 == 0 ? "b a a" : "Z")\n"
        if !missing.contains(i) { try write([], to: "\(folder)/\(images)/i\(i).jpg") }
      }
      try write(text.utf8, to: folder + "/" + labels)
      return try body(folder)
    }
  }

  @Test(arguments: [("train-jpg", "train_v2.csv"), ("train", "labels.csv")])
  func opens(images: String, labels: String) throws {
    try withData(images: images, labels: labels) { folder in
      let data = try Dataset(DataLocation(data: folder))
      #expect(data.labels == ["Z", "a", "b"])
      #expect(
        data.warnings == [
          "tags left out, because no training image has them: rare (1)", "labels that no validation image has: a (4)",
          "labels of fewer than 10 training images: Z (4), b (4)",
          "rows that repeat a tag: i0 (a), i2 (a), i4 (a), i6 (a)",
        ])
      #expect(data.train == Split(count: 10).train && data.valid == Split(count: 10).valid)
      #expect(data.images[data.valid[0]].targets == [2])
      let even = try #require(data.train.first { $0 % 2 == 0 })
      #expect(
        data.images[even] == Sample(name: "i\(even)", path: "\(folder)/\(images)/i\(even).jpg", targets: [1, 2]))
    }
  }

  @Test func fixedLabels() throws {
    try withData { folder in
      let data = try Dataset(DataLocation(data: folder), validPct: 0, labels: ["rare", "b", "unseen"])
      #expect(data.labels == ["rare", "b", "unseen"])
      #expect(data.valid.isEmpty && data.train.count == 10)
      #expect(data.images[Split(count: 10).valid[0]].targets == [0, 1])
      #expect(data.warnings.count == 1 && data.warnings[0].contains("Z (") && data.warnings[0].contains("a ("))
    }
  }

  /// A model that knows no tag has nothing to say.
  @Test func noKnownTag() throws {
    try withData { folder in
      let error = DatasetError.noKnownTag(
        path: folder + "/train_v2.csv", tags: ["Z", "a", "b", "rare"], labels: ["x", "y"])
      #expect(throws: error) { try Dataset(DataLocation(data: folder), labels: ["x", "y"]) }
    }
  }

  @Test func overrides() throws {
    try withData(images: "chips", labels: "my.csv") { folder in
      #expect(throws: DatasetError.self) { try DataLocation(data: folder) }
      let location = try DataLocation(data: "/none", labels: folder + "/my.csv", images: folder + "/chips")
      #expect(try Dataset(location).images.count == 10)
      let tif = try DataLocation(data: folder, labels: folder + "/my.csv", images: folder + "/chips", suffix: ".tif")
      let error = try #require(throws: DatasetError.self) { try Dataset(tif) }
      #expect(
        "\(error)".contains("10 of 10") && "\(error)".contains("i0.tif: i0.jpg is there, i1.tif: i1.jpg is there, "))
    }
  }

  @Test func missingImages() throws {
    try withData(missing: [3, 7]) { folder in
      #expect(
        throws: DatasetError.missingImages(
          folder: folder + "/train-jpg", count: 2, total: 10, first: ["i3.jpg", "i7.jpg"])
      ) { try Dataset(DataLocation(data: folder)) }
    }
  }

  @Test(arguments: [1, 1.5, -0.1, .nan]) func fractions(validPct: Double) throws {
    try withData { folder in
      #expect(throws: DatasetError.self) { try Dataset(DataLocation(data: folder), validPct: validPct) }
    }
  }

  @Test func fingerprints() throws {
    var hash = Fingerprint()
    hash.add("foobar".utf8)
    #expect(hash.value == 0x8594_4171_F739_67E8)  // of the authors' test vectors
    try withData { folder in
      let location = try DataLocation(data: folder)
      let first = try Dataset(location).fingerprint
      #expect(try Dataset(location).fingerprint == first)
      #expect(try Dataset(location, splitSeed: 43).fingerprint != first)
      #expect(try Dataset(location, validPct: 0.3).fingerprint != first)
      #expect(try Dataset(location, labels: ["a", "Z", "b"]).fingerprint != first)
    }
  }

  @Test func folder() throws {
    try withTemporaryFolder { folder in
      #expect(throws: DatasetError.noImages(folder: folder)) { try ImageFolder.list(folder) }
      let names = ["b.jpg", "a10.JPG", "a9.jpeg", "Z.jpg", "notes.txt", "c.d.jpg"]
      for name in names { try write([], to: folder + "/" + name) }
      #expect(try ImageFolder.list(folder).map(\.name) == ["Z", "a10", "a9", "b", "c.d"])
      #expect(try ImageFolder.list(folder)[1].path == folder + "/a10.JPG")
      #expect(throws: DatasetError.self) { try ImageFolder.list(folder + "/none") }
    }
  }

  /// A label file may name images with or without suffix, and composed or not; what is opened is what the disk has.
  @Test func names() throws {
    try withTemporaryFolder { folder in
      let (composed, decomposed) = ("for\u{EA}t", "fore\u{302}t")
      for name in ["\(decomposed).jpg", "b.JPG", "c.jpeg", "._c.jpg", "d.e.JPeG", ".DS_Store"] {
        try write([], to: "\(folder)/\(name)")
      }
      let rows = ["\(composed)", "b", "c.jpeg", "d.e.jpg"].map { $0 + ",x y\n" }.joined()
      try write(("image_name,tags\n" + rows).utf8, to: folder + "/labels.csv")
      func files(_ suffix: String?) throws -> [String] {
        let location = try DataLocation(data: nil, labels: folder + "/labels.csv", images: folder, suffix: suffix)
        return try Dataset(location).images.map { String($0.path.utf8.dropFirst(folder.utf8.count + 1)) ?? "" }
      }
      let found = try files(nil)
      #expect(
        found.map { Array($0.utf8) } == ["\(decomposed).jpg", "b.JPG", "c.jpeg", "d.e.JPeG"].map { Array($0.utf8) })
      let error = try #require(throws: DatasetError.self) { try files(".jpg") }
      #expect(
        "\(error)".contains("3 of 4") && "\(error)".contains("b.jpg: b.JPG is there, c.jpeg.jpg: c.jpeg is there"))
      let other = try #require(throws: DatasetError.self) { try files(".jpEg") }
      #expect("\(other)".contains("4 of 4"))

      try write([], to: "\(folder)/\(composed).jpg")
      #expect("\(try #require(throws: DatasetError.self) { try files(nil) })".contains("two images named"))
      #expect(throws: DatasetError.self) { try ImageFolder.list(folder) }
    }
  }

  /// A table holds text, so a name that is none is refused, with its bytes; unless it is no image's.
  @Test func namesThatAreNoText() throws {
    try withTemporaryFolder { folder in
      func make(_ name: String) throws {
        let bytes = Array(folder.utf8) + Array("/caf".utf8) + [0xE9] + Array(name.utf8) + [0]
        let file = bytes.withUnsafeBytes { fopen($0.assumingMemoryBound(to: CChar.self).baseAddress, "w") }
        fclose(file)
      }
      try make(".txt")
      try write([], to: folder + "/a.jpg")
      #expect(try ImageFolder.list(folder).map(\.name) == ["a"])
      try make(".jpg")
      let error = DatasetError.nameIsNotText(folder: folder, name: "caf\\xe9.jpg")
      #expect(throws: error) { try ImageFolder.list(folder) }
      try write("image_name,tags\na,x\n".utf8, to: folder + "/labels.csv")
      let location = try DataLocation(data: nil, labels: folder + "/labels.csv", images: folder)
      #expect(throws: error) { try Dataset(location) }
      #expect(try DataInventory(location, validPct: 0.2, splitSeed: 42).findings.first?.kind == .unusableName)
    }
  }

  /// What is there instead helps to find what is missing; no name leads out of the folder.
  @Test(arguments: [
    ("a.tif", "a.tif.jpg: a.jpg is there"), ("a ", "a .jpg: a.jpg is there"), ("A", "A.jpg: a.jpg is there"),
    ("../images/a", "../images/a.jpg"), ("/etc/passwd", "/etc/passwd.jpg"), ("zz", "zz.jpg)"),
  ])
  func nearMisses(name: String, hint: String) throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/images", withIntermediateDirectories: true)
      try write([], to: folder + "/images/a.jpg")
      try write("image_name,tags\n\(name),x\n".utf8, to: folder + "/labels.csv")
      let location = try DataLocation(data: folder, images: folder + "/images")
      let error = try #require(throws: DatasetError.self) { try Dataset(location) }
      #expect("\(error)".contains(hint), "\(error)")
    }
  }

  @Test func fileForFolder() throws {
    let picture = Golden.path("jpeg/planet.jpg")
    #expect(throws: DatasetError.noFolder(path: picture, kind: "a JPEG picture")) { try ImageFolder.list([picture]) }
    #expect(throws: DatasetError.noFolder(path: picture, kind: "a JPEG picture")) { try DataLocation(data: picture) }
  }

  /// Several folders follow each other, and no two images may have one name.
  @Test func imageFolders() throws {
    try withTemporaryFolder { parent in
      let folders = ["one", "two"].map { parent + "/" + $0 }
      for (folder, names) in zip(folders, [["b.jpg", "c.jpg"], ["a.jpg"]]) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in names { try write([], to: folder + "/" + name) }
      }
      #expect(try ImageFolder.list(folders).map(\.name) == ["b", "c", "a"])
      #expect(try ImageFolder.list(folders.reversed()).map(\.name) == ["a", "b", "c"])
      try write([], to: folders[1] + "/c.jpeg")
      #expect(throws: DatasetError.sameName("c", paths: [folders[0] + "/c.jpg", folders[1] + "/c.jpeg"])) {
        try ImageFolder.list(folders)
      }
    }
  }

  /// The rows of a sample submission, in its order; anything missing or too much is listed.
  @Test func sampleSubmission() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/sample.csv"
      let samples = (0..<14).map { Sample(name: "file_\($0)", path: "") }
      func order(_ names: [String]) throws -> [SampleSubmission.Row] {
        try write(("image_name,tags\n" + names.map { $0 + ",\"primary,clear\"\n" }.joined()).utf8, to: path)
        return try SampleSubmission.rows(path, of: samples)
      }
      let all = samples.map(\.name)
      let backwards = try order(all.reversed())
      #expect(backwards.map(\.place) == (0..<14).reversed())
      let named = try order(all.map { $0 + ".JPG" })
      #expect(named.map(\.place) == Array(0..<14) && named[3].name == "file_3.JPG")
      #expect(throws: DatasetError.otherImages(path: path, missing: ["test_1"], extra: ["file_3"])) {
        try order(all.map { $0 == "file_3" ? "test_1" : $0 })
      }
      #expect(throws: DatasetError.otherImages(path: path, missing: [], extra: Array(all.dropFirst()))) {
        try order(["file_0"])
      }
      #expect(throws: DatasetError.otherImages(path: path, missing: ["file_14"], extra: [])) {
        try order(all + ["file_14"])
      }
      #expect(throws: DatasetError.malformed(path: path, line: 3, reason: "file_0 was on line 2 already")) {
        try order(["file_0", "file_0"])
      }
      let error = DatasetError.otherImages(path: path, missing: [], extra: (0..<101).map { "file_\($0)" })
      #expect("\(error)".contains("(none missing from the folders; 101: file_0, file_1, "))
      #expect("\(error)".contains("file_99, … without a row)"))
    }
  }

  @Test(.enabled(if: SharedFiles.has("data/planet-sample"), "needs ../shared/data/planet-sample"))
  func planetSample() throws {
    let data = try Dataset(DataLocation(data: SharedFiles.path("data/planet-sample")))
    #expect(data.train.count == 800 && data.valid.count == 200)
    #expect(data.labels.count == 16 && !data.labels.contains("conventional_mine"))
    #expect(data.warnings[0] == "tags left out, because no training image has them: conventional_mine (2)")
  }
}
