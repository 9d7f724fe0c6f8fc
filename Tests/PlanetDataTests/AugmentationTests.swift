import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct AugmentationTests {
  @Test func dependsOnItsArgumentsAlone() {
    let a = Augmentation.random(seed: 1, epoch: 2, image: 3)
    #expect(Augmentation.random(seed: 1, epoch: 2, image: 3) == a)
    #expect(Augmentation.random(seed: 2, epoch: 2, image: 3) != a)
    #expect(Augmentation.random(seed: 1, epoch: 3, image: 3) != a)
    #expect(Augmentation.random(seed: 1, epoch: 2, image: 4) != a)
  }

  /// fastai's corner zooms show -1...0.4815 or -0.4815...1 of either axis (recipe §9); mirrored, the same from the other
  /// side.
  @Test(arguments: [(0, 0), (0, 1), (1, 0), (1, 1)] as [(Float, Float)]) func corners(row: Float, column: Float) {
    var a = Augmentation.identity
    a.zoom = .init(scale: 1.35, row: row, column: column)
    let (low, high): (Float, Float) = (-1, 0.48148)
    let ends = { (fraction: Float) in fraction == 0 ? [low, high] : [-high, -low] }
    let (m, y) = (a.matrix, ends(row))
    expectClose([m.x0 - m.xx, m.x0 + m.xx, m.y0 - m.yy, m.y0 + m.yy], ends(column) + y, absolute: 1e-4)
    a.mirrored = true
    let mirrored = a.matrix
    expectClose([mirrored.x0 + mirrored.xx, mirrored.x0 - mirrored.xx], ends(column), absolute: 1e-4)
    #expect((mirrored.yy, mirrored.y0) == (m.yy, m.y0))
  }

  /// Ranges and frequencies of recipe §1.1.
  @Test func distribution() {
    let count = 20_000
    let drawn = (0..<count).map { Augmentation.random(seed: 9, epoch: 0, image: $0) }
    func close(_ n: Int, _ p: Double, _ what: String) {
      let deviation = (Double(count) * p * (1 - p)).squareRoot()
      #expect(abs(Double(n) - Double(count) * p) < 4.5 * deviation, "\(what): \(n) of \(count), not \(p)")
    }
    for k in 0..<8 { close(drawn.count { $0.dihedral == k }, 1 / 8, "symmetry \(k)") }
    close(drawn.count { $0.degrees != nil }, 0.75, "rotation")
    close(drawn.count { $0.zoom != nil }, 0.75, "zoom")
    close(drawn.count { $0.brightness != nil }, 0.75, "brightness")
    close(drawn.count { $0.contrast != nil }, 0.75, "contrast")
    close(drawn.count { $0.brightness == nil && $0.contrast == nil }, 1 / 16, "neither")
    close(drawn.count { $0.degrees == nil && $0.zoom == nil }, 1 / 16, "neither")

    func spread(_ values: [Float], _ low: Float, _ high: Float, _ what: String) {
      #expect(values.allSatisfy { $0 >= low && $0 <= high }, "\(what)")
      for quarter in 1...3 {
        let bound = low + (high - low) * Float(quarter) / 4
        let share = Double(values.count { $0 < bound }) / Double(values.count)
        #expect(abs(share - Double(quarter) / 4) < 0.02, "\(what) below \(bound): \(share)")
      }
    }
    spread(drawn.compactMap(\.degrees), -10, 10, "degrees")
    spread(drawn.compactMap(\.zoom?.scale), 1, 1.05, "scale")
    spread(drawn.compactMap(\.zoom?.row), 0, 1, "row")
    spread(drawn.compactMap(\.zoom?.column), 0, 1, "column")
    spread(drawn.compactMap(\.brightness), 0.45, 0.55, "brightness")
    spread(drawn.compactMap(\.contrast).map { log($0) }, log(0.9) - 1e-6, -log(0.9) + 1e-6, "log contrast")
    spread(drawn.map(\.cropRow), 0, 1, "crop row")
    spread(drawn.map(\.cropColumn), 0, 1, "crop column")
  }
}
