import Foundation
import TestSupport
import Testing

@testable import PlanetData

/// numpy's and fastai's own values (recipe §2.2).
@Suite struct SplitTests {
  @Test func twister() {
    var random = NumpyRandom(seed: 42)
    #expect(
      (0..<5).map { _ in random.next() } == [1_608_637_542, 3_421_126_067, 4_083_286_876, 787_846_414, 3_143_890_026])
    // The 10,000th output for the seed 5489 is the C++ standard's test of a Mersenne Twister.
    random = NumpyRandom(seed: 5489)
    for _ in 1..<10_000 { _ = random.next() }
    #expect(random.next() == 4_123_659_995)
  }

  @Test func permutation() {
    var random = NumpyRandom(seed: 42)
    let order = random.permutation(40_479)
    #expect(
      order.prefix(12) == [34602, 11243, 14499, 18918, 30631, 21503, 39602, 27556, 19889, 31739, 740, 31191])
    #expect(order.suffix(4) == [11284, 38158, 860, 15795])
  }

  @Test func planet() {
    let split = Split(count: 40_479)
    #expect(split.valid.count == 8095)
    #expect(split.train.count == 32_384)
    #expect(split.valid.suffix(4) == [17280, 13041, 22865, 25088])
    #expect(split.valid.sorted().prefix(10) == [1, 4, 7, 13, 23, 34, 40, 52, 53, 61])
    #expect(split.train.prefix(10) == [0, 2, 3, 5, 6, 8, 9, 10, 11, 12])
    #expect(split.valid.reduce(0, +) == 163_567_548)
    #expect(split.valid.reduce(0, ^) == 8748)
  }

  @Test(arguments: [(0, 0.2), (1, 0.2), (2, 0.5), (10, 0), (10, 1), (1000, 0.333)])
  func everyImageOnce(count: Int, validPct: Double) {
    let split = Split(count: count, validPct: validPct, seed: 7)
    #expect((split.train + split.valid).sorted() == Array(0..<count))
    #expect(split.valid.count == Int(validPct * Double(count)))
    #expect(split.train == split.train.sorted())
  }

  @Test(.enabled(if: SharedFiles.has("data/train_v2.csv"), "needs ../shared/data/train_v2.csv"))
  func classCounts() throws {
    let rows = try Labels(path: SharedFiles.path("data/train_v2.csv")).rows
    #expect(rows.count == 40_479)
    #expect(rows[40_478].name == "train_40478")
    let split = Split(count: rows.count)
    func counts(_ part: [Int]) -> [String: Int] {
      part.reduce(into: [:]) { counts, i in for tag in Set(rows[i].tags) { counts[tag, default: 0] += 1 } }
    }
    #expect(
      counts(split.train) == [
        "agriculture": 9875, "artisinal_mine": 269, "bare_ground": 687, "blooming": 268, "blow_down": 73,
        "clear": 22703, "cloudy": 1694, "conventional_mine": 78, "cultivation": 3613, "habitation": 2918, "haze": 2164,
        "partly_cloudy": 5822, "primary": 30007, "road": 6504, "selective_logging": 279, "slash_burn": 162,
        "water": 5953,
      ])
    #expect(counts(split.valid).values.reduce(0, +) == 23_136)
    #expect(counts(split.valid)["blow_down"] == 25)
  }
}
