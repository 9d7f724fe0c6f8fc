import PlanetData

/// Test-time augmentation: a prediction is the weighted mean of the probabilities of several views of an image.
public enum TTA: String, CaseIterable, Sendable {
  /// The image as it is.
  case none
  /// The mean over the square's eight symmetries, to all of which a chip seen from above is indifferent.
  case dihedral
  /// fastai v1's `learn.TTA()` for this recipe (§9): 0.4 times the image as it is, and 0.6 times the mean of eight random
  /// views.
  case fastai

  /// One look at the images.
  struct View: Sendable {
    /// Its share of the mean; a ``TTA``'s views' add up to 1.
    let weight: Double
    /// What is done to an image, by its index.
    let augmentation: @Sendable (Int) -> Augmentation
  }

  /// - Parameter seed: of fastai's random views, each of which is a function of (seed, view, image).
  func views(seed: UInt32) -> [View] {
    let plain = { @Sendable (_: Int) in Augmentation.identity }
    switch self {
    case .none: return [View(weight: 1, augmentation: plain)]
    case .dihedral:
      return (0..<8).map { k in
        View(weight: 1 / 8) { _ in
          var view = Augmentation.identity
          view.dihedral = k
          return view
        }
      }
    case .fastai:
      let random = (0..<8).map { pass in
        View(weight: 0.6 / 8) { Self.fastaiView(pass, seed: seed, image: $0) }
      }
      return [View(weight: 0.4, augmentation: plain)] + random
    }
  }

  /// A corner of the image, magnified, mirrored in every other four passes, and changed by those of training's random
  /// transforms that fastai leaves in: rotation, lighting, and (since it means to exclude `dihedral`, and this recipe
  /// has `dihedral_affine`) the symmetries.
  static func fastaiView(_ pass: Int, seed: UInt32, image: Int) -> Augmentation {
    let (row, column) = (Float(pass & 1), Float(pass >> 1 & 1))
    var view = Augmentation.random(seed: UInt64(seed), epoch: pass, image: image)
    view.zoom = Augmentation.Zoom(scale: 1.35, row: row, column: column)
    (view.cropRow, view.cropColumn) = (row, column)
    view.mirrored = pass >= 4
    return view
  }
}
