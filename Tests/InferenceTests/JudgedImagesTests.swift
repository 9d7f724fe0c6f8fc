import Compute
import Foundation
import PlanetData
import TestSupport
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores
@testable import Training

/// Which images a saved network is judged on.
@Suite struct JudgedImagesTests {
  private let names = (0..<10).map { "i\($0)" }

  /// The origin of a run on images of these names.
  private func origin(
    _ names: [String], validPct: Double = 0.2, seed: UInt32 = 7, precision: Precision = .fp32
  ) throws -> DataOrigin {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/train", withIntermediateDirectories: true)
      for name in names { try Data().write(to: URL(fileURLWithPath: "\(folder)/train/\(name).jpg")) }
      try Data(("image_name,tags\n" + names.map { $0 + ",clear\n" }.joined()).utf8)
        .write(to: URL(fileURLWithPath: folder + "/labels.csv"))
      var c = Recipe.planet
      (c.validPct, c.splitSeed, c.precision) = (validPct, seed, precision)
      let dataset = try Dataset(DataLocation(data: folder), validPct: validPct, splitSeed: seed)
      return DataOrigin(dataset, c)
    }
  }

  private func judged(
    _ choice: JudgedImages.Choice = .heldOut, _ names: [String]? = nil, _ origins: DataOrigin...
  ) throws -> JudgedImages {
    try JudgedImages(
      choice, among: names ?? self.names, networks: origins.enumerated().map { ("m\($0.offset)", $0.element) })
  }

  /// What its run held out, whatever the order of the rows, their normal form, and the place of the files.
  @Test func heldOut() throws {
    let seven = try origin(names)
    let valid = Split(count: 10, validPct: 0.2, seed: 7).valid
    #expect(try judged(.heldOut, nil, seven) == judged(.split(validPct: nil, seed: nil), nil, seven))
    let images = try judged(.heldOut, nil, seven)
    #expect(images.indices == valid && images.warnings.isEmpty && valid != Split(count: 10).valid)
    #expect(try judged(.heldOut, names.reversed(), seven).indices == valid.map { 9 - $0 })

    let accents = names.map { $0 + "e\u{301}" }
    let composed = accents.map(\.precomposedStringWithCanonicalMapping)
    #expect(try judged(.heldOut, composed, origin(accents)).indices == valid)
  }

  @Test func otherData() throws {
    let seven = try origin(names)
    for other in [Array(names.dropLast()), names + ["i10"], names.map { "x" + $0 }] {
      let known = other[0] == "xi0" ? 0 : seven.images?.heldOut.count { other.contains($0) } ?? 0
      #expect(
        throws: InferenceError.otherData(
          path: "m0", images: other.count, known: known, made: 10, heldOut: 2, place: seven.place?.labels)
      ) { try judged(.heldOut, other, seven) }
    }
    // A test set of one's own: all of it, and nothing to say, as the run saw none of it.
    let own = try judged(.all, names.map { "x" + $0 }, seven)
    #expect(own.indices == Array(0..<10) && own.warnings.isEmpty)
    // Exactly those that were trained on are counted.
    #expect(
      try judged(.all, names + ["i10", "i11"], seven).warnings == [
        "m0 was trained on 8 of the 12 images evaluated, which flatters it"
      ])
  }

  @Test func overridden() throws {
    let seven = try origin(names)
    let split = Split(count: 10, validPct: 0.2, seed: 42).valid
    let images = try judged(.split(validPct: nil, seed: 42), nil, seven)
    let trained = Set(split).subtracting(Split(count: 10, validPct: 0.2, seed: 7).valid).count
    #expect(images.indices == split && trained > 0)
    #expect(images.warnings == ["m0 was trained on \(trained) of the 2 images evaluated, which flatters it"])
    #expect(try judged(.split(validPct: 0.5, seed: nil), nil, seven).indices.count == 5)
  }

  @Test func severalNetworks() throws {
    let (seven, half) = (try origin(names), try origin(names, validPct: 0.9))
    #expect(try judged(.heldOut, nil, seven, seven).warnings.isEmpty)
    let both = try judged(.heldOut, nil, half, seven)
    #expect(Set(both.indices) == Set(Split(count: 10, validPct: 0.2, seed: 7).valid))
    #expect(both.warnings == ["the runs split differently: judged on the 2 images that all of them held out"])
    let other = try #require(
      (0..<100).first { Set(Split(count: 10, seed: $0).valid).isDisjoint(with: both.indices) })
    #expect(throws: InferenceError.nothingInCommon(paths: ["m0", "m1"])) {
      try judged(.heldOut, nil, seven, origin(names, seed: UInt32(other)))
    }
    #expect(throws: InferenceError.nothingHeldOut(path: "m1")) {
      try judged(.heldOut, nil, seven, origin(names, validPct: 0))
    }
  }

  /// A model of before does not name its images: its split is believed, and that is said.
  @Test func withoutNames() throws {
    var old = try origin(names)
    old.images = nil
    let images = try judged(.heldOut, nil, old)
    #expect(images.indices == Split(count: 10, validPct: 0.2, seed: 7).valid)
    #expect(images.warnings.count == 1 && images.warnings[0].contains("valid_pct 0.2, split_seed 7"))
    let all = try judged(.all, nil, old).warnings
    #expect(all.count == 1 && all[0].contains("if these are its data, it was trained on 8 of the 10 evaluated"))
  }

  /// What an earlier run trained on stays known, also of other data.
  @Test func followed() throws {
    let first = try origin(names, seed: 42)
    let second = try origin(names).following(first, among: names)
    // Split 7 holds out images 8 and 5, and 42 holds out 8 and 1.
    #expect(Set(try #require(second.images).trainedOn) == Set(names).subtracting(["i8"]))
    #expect(try judged(.heldOut, nil, second).warnings.count == 1)
    let elsewhere = try origin(["a", "b", "c"]).following(first, among: ["a", "b", "c"])
    #expect(try judged(.all, nil, elsewhere).warnings[0].contains("on 8 of the 10 images"))
    var old = first
    old.images = nil
    #expect(try origin(names).following(old, among: names).images == second.images)
    #expect(second.following(second, among: names) == second)
  }

  @Test func file() throws {
    let origin = try origin(names, precision: .bf16)
    #expect(DataOrigin(metadata: ["data": try origin.json]) == origin)
    let place = try #require(origin.place)
    #expect(place.labels.hasPrefix("/") && place.labels.hasSuffix("/labels.csv") && place.images.hasSuffix("/train"))
    for text in [
      "", "[]", "{\"valid_pct\": 1}", "{\"split_seed\": -1}", "{\"precision\": \"fp8\"}", "{\"images\": {}}",
      "{\"images\": {\"count\": 1, \"digest\": \"\", \"held_out\": [\"a\", \"a\"], \"trained_on\": []}}",
    ] {
      #expect(DataOrigin(metadata: ["data": text, "recipe": "{}"]) == nil, "\(text)")
    }
    #expect(DataOrigin(metadata: ["recipe": "{}"])?.validPct == 0.2)
    #expect(DataOrigin(metadata: ["recipe": "{\"validPct\": 7}"]) == nil)
    // So many names that a header could not hold them are left out.
    var long = origin
    long.images?.trainedOn = [String(repeating: "a", count: 33 << 20)]
    #expect(try DataOrigin(metadata: ["data": long.json])?.images == nil)
  }

  /// A score on the images that thresholds were chosen on is said to be one.
  @Test func thresholds() throws {
    let images = try judged(.all, nil, origin(names))
    var thresholds = Thresholds(labels: ["clear"])
    #expect(images.warning(about: thresholds, from: "t.json", among: names) == nil)
    thresholds.origin = try origin(names)
    #expect(
      images.warning(about: thresholds, from: "t.json", among: names)
        == "t.json was chosen on 2 of the 10 images evaluated, which flatters the given thresholds")
  }
}
