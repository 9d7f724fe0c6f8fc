import PlanetData
import Testing

@testable import Inference
@testable import Recipes
@testable import Runs
@testable import Scores
@testable import Training

@Suite struct TTATests {
  @Test func weights() {
    for tta in TTA.allCases {
      #expect(abs(tta.views(seed: 1).reduce(0) { $0 + $1.weight } - 1) < 1e-15, "\(tta)")
    }
    #expect(TTA.none.views(seed: 1).map { $0.augmentation(3) } == [.identity])
  }

  /// All eight symmetries and nothing else, the same for every image.
  @Test func dihedral() {
    let views = TTA.dihedral.views(seed: 1)
    for (k, view) in views.enumerated() {
      var expected = Augmentation.identity
      expected.dihedral = k
      #expect(view.augmentation(0) == expected && view.augmentation(17) == expected && view.weight == 0.125)
    }
    #expect(views.count == 8)
  }

  /// Recipe §9: the image itself, then every corner at 1.35, plain and mirrored, with training's other random changes.
  @Test func fastai() {
    let views = TTA.fastai.views(seed: 1)
    #expect(views.count == 9 && views[0].weight == 0.4 && views[0].augmentation(5) == .identity)
    for (pass, view) in views.dropFirst().enumerated() {
      let a = view.augmentation(5)
      #expect(view.weight == 0.075)
      #expect(a.zoom == .init(scale: 1.35, row: Float(pass % 2), column: Float(pass / 2 % 2)))
      #expect(a.cropRow == Float(pass % 2) && a.cropColumn == Float(pass / 2 % 2))
      #expect(a.mirrored == (pass >= 4))
      #expect(a == TTA.fastai.views(seed: 1)[pass + 1].augmentation(5))
      let drawn = (0..<200).map { view.augmentation($0) }
      #expect(Set(drawn.map(\.dihedral)).count == 8)
      for count in [
        drawn.count { $0.degrees != nil }, drawn.count { $0.brightness != nil }, drawn.count { $0.contrast != nil },
      ] {
        #expect((110...190).contains(count))
      }
    }
    let random = { (seed: UInt32, pass: Int, image: Int) in TTA.fastaiView(pass, seed: seed, image: image) }
    let all = [random(1, 0, 5), random(2, 0, 5), random(1, 0, 6)].map(\.degrees) + [random(1, 4, 5).degrees]
    #expect(Set(all).count == 4)
  }
}
