import Compute
import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct SyntheticSampleTests {
  @Test func writesADataset() throws {
    try withTemporaryFolder { parent in
      let folder = parent + "/sample"
      try SyntheticSample.write(to: folder, count: 20, seed: 7, size: 32)
      let data = try Dataset(DataLocation(data: folder))
      #expect(data.images.count == 20 && data.train.count == 16)
      #expect(try ImageFolder.list(folder + "/test-jpg").map(\.name) == ["test_0", "test_1", "test_2", "test_3"])
      for sample in data.images {
        let image = try Image.decode(sample.path)
        #expect(image.width == 32 && image.height == 32)
      }
      #expect(try String(contentsOfFile: folder + "/README.txt", encoding: .utf8).contains("synthetic"))

      #expect(throws: DatasetError.notEmpty(folder: folder)) { try SyntheticSample.write(to: folder, count: 1) }
      let file = folder + "/README.txt"
      #expect(throws: DatasetError.self) { try SyntheticSample.write(to: file, count: 1) }
      #expect(throws: DatasetError.self) { try SyntheticSample.write(to: file + "/below", count: 1) }

      let (again, other) = (parent + "/again", parent + "/other")
      try SyntheticSample.write(to: again, count: 20, seed: 7, size: 32)
      try SyntheticSample.write(to: other, count: 20, seed: 8, size: 32)
      func bytes(_ folder: String) throws -> [Data] {
        try ["train_v2.csv", "train-jpg/train_3.jpg", "test-jpg/test_1.jpg"].map {
          try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))
        }
      }
      #expect(try bytes(again) == bytes(folder))
      #expect(zip(try bytes(other), try bytes(folder)).allSatisfy { $0 != $1 })
    }
  }

  /// Against the frequencies of Planet's 40,479 rows, and its two rules.
  @Test func tagsAreLikePlanets() {
    let drawn = (0..<8000).map { i -> Set<String> in
      var random = RandomSource(seed: 1, purpose: .synthetic, i, 0)
      return SyntheticTags.draw(&random)
    }
    let weather: Set = ["clear", "partly_cloudy", "cloudy", "haze"]
    #expect(drawn.allSatisfy { $0.intersection(weather).count == 1 })
    #expect(drawn.allSatisfy { !$0.contains("cloudy") || $0.count == 1 })
    #expect(Set(drawn.flatMap { $0 }).count == 17)
    let planet = [
      "clear": 28431, "partly_cloudy": 7261, "haze": 2697, "cloudy": 2089, "primary": 37513, "agriculture": 12315,
      "road": 8071, "water": 7411, "cultivation": 4477, "habitation": 3660,
    ]
    for (tag, count) in planet {
      let (here, there) = (Double(drawn.count { $0.contains(tag) }) / 8000, Double(count) / 40_479)
      #expect(abs(here - there) < 0.15 * there + 0.005, "\(tag): \(here), not \(there)")
    }
  }

  /// Each tag leaves a mark: the same chip without it looks different, and overcast differs from everything.
  @Test(arguments: [
    "agriculture", "artisinal_mine", "bare_ground", "blooming", "blow_down", "conventional_mine", "cultivation",
    "habitation", "haze", "partly_cloudy", "road", "selective_logging", "slash_burn", "water", "cloudy",
  ])
  func tagsShow(tag: String) {
    func draw(_ tags: Set<String>) -> Image {
      SyntheticChip.draw(tags, size: 64, random: RandomSource(seed: 2, purpose: .synthetic, 5, 0))
    }
    let (without, with) = (draw(["primary"]), draw(["primary", tag]))
    let changed = zip(without.pixels, with.pixels).count { abs(Int($0) - Int($1)) > 24 }
    #expect(changed > 100, "\(changed) values")
  }
}
