import Compute
import Foundation

/// What is done to one image in one epoch: `get_transforms(flip_vert=True, max_lighting=0.1, max_zoom=1.05, max_warp=0)`
/// of fastai (recipe §1.1).
public struct Augmentation: Sendable, Equatable {
  /// A magnification by `scale`, with the part to keep visible at fractions `row` and `column` of what is cut off.
  public struct Zoom: Sendable, Equatable {
    public var scale: Float
    public var row: Float
    public var column: Float

    public init(scale: Float, row: Float, column: Float) {
      (self.scale, self.row, self.column) = (scale, row, column)
    }
  }

  /// One of the eight symmetries of the square: bit 0 mirrors left-right, bit 1 up-down, bit 2 transposes.
  public var dihedral = 0
  /// Rotation in degrees.
  public var degrees: Float?
  public var zoom: Zoom?
  /// Whether the result is mirrored left-right, after all else that moves pixels: fastai's `flip_lr`.
  public var mirrored = false
  /// Brightness after the change of a middle grey, in `0...1`.
  public var brightness: Float?
  /// Contrast: a factor on logits.
  public var contrast: Float?
  /// Which part of an image that is not square is kept, as a fraction of what is cut off.
  public var cropRow: Float = 0.5
  public var cropColumn: Float = 0.5

  public init() {}

  /// Nothing is changed, and the middle of an image is kept: for validation, and for training that does not augment.
  public static let identity = Augmentation()

  static let maxRotate: Float = 10
  static let maxZoom: Float = 1.05
  static let maxLighting: Float = 0.1
  static let pAffine: Float = 0.75
  static let pLighting: Float = 0.75

  /// The augmentation of an image, a function of these three numbers alone.
  ///
  /// - Parameters:
  ///   - seed: the stage's: stages must not repeat each other.
  ///   - epoch: of the stage.
  ///   - image: index in the dataset.
  public static func random(seed: UInt64, epoch: Int, image: Int) -> Augmentation {
    var random = RandomSource(seed: seed, purpose: .augmentation, epoch, image)
    var a = Augmentation()
    a.dihedral = random.below(8)
    // Drawn whether used or not, so that each value has its own place in the sequence.
    let degrees = random.uniform(-maxRotate, maxRotate)
    if random.uniform() < pAffine { a.degrees = degrees }
    let zoom = Zoom(scale: random.uniform(1, maxZoom), row: random.uniform(), column: random.uniform())
    if random.uniform() < pAffine { a.zoom = zoom }
    let brightness = random.uniform(0.5 * (1 - maxLighting), 0.5 * (1 + maxLighting))
    if random.uniform() < pLighting { a.brightness = brightness }
    let contrast = exp(random.uniform(log(1 - maxLighting), -log(1 - maxLighting)))
    if random.uniform() < pLighting { a.contrast = contrast }
    a.cropRow = random.uniform()
    a.cropColumn = random.uniform()
    return a
  }

  /// Where in the source a point of the result comes from: mirrored first where it is, then zoomed, then rotated, then
  /// moved by the symmetry (recipe §1.2).
  var matrix: AffineMatrix {
    var m = AffineMatrix.identity
    let flipX: Float = dihedral & 1 == 0 ? 1 : -1
    let flipY: Float = dihedral & 2 == 0 ? 1 : -1
    m =
      dihedral & 4 == 0 ? AffineMatrix(xx: flipX, yy: flipY) : AffineMatrix(xx: 0, xy: flipX, yx: flipY, yy: 0)
    if let degrees {
      let angle = Double(degrees) * .pi / 180
      let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
      m = m * AffineMatrix(xx: cosine, xy: -sine, yx: sine, yy: cosine)
    }
    if let zoom {
      let shift = 1 - 1 / zoom.scale
      m =
        m
        * AffineMatrix(
          xx: 1 / zoom.scale, x0: shift * (2 * zoom.column - 1), yy: 1 / zoom.scale, y0: shift * (2 * zoom.row - 1))
    }
    return mirrored ? m * AffineMatrix(xx: -1) : m
  }
}
