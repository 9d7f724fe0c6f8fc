import Foundation

/// Brightness and contrast in logit space (recipe §1.4): `σ((logit(x) + logit(brightness)) · contrast)`.
struct Lighting {
  let shift: Float
  let scale: Float

  /// Nil where neither is changed: pixels then do not pass through logits at all.
  init?(_ augmentation: Augmentation) {
    guard augmentation.brightness != nil || augmentation.contrast != nil else { return nil }
    shift = augmentation.brightness.map(Self.logit) ?? 0
    scale = augmentation.contrast ?? 1
  }

  /// As fastai's: clamped, so that black and white stay finite.
  static func logit(_ x: Float) -> Float {
    let clamped = max(1e-7, min(x, 1 - 1e-7))
    return -log(1 / clamped - 1)
  }

  /// The pixel that `x`, in `0...1`, becomes.
  func callAsFunction(_ x: Float) -> Float { 1 / (1 + exp(-(Self.logit(x) + shift) * scale)) }
}

/// ``Lighting`` at 16 points between any two pixel values, straight lines between them: exact at the 256 values of a
/// pixel and within 3e-5 between, where interpolated pixels lie. Two dozen times faster than logarithms and exponentials.
struct LightingTable {
  private static let steps = 16
  private let values: [Float]

  init(_ lighting: Lighting) {
    let last = 255 * Self.steps
    values = (0...last + 1).map { lighting(Float(min($0, last)) / Float(last)) }
  }

  /// Hands out the function from a pixel in `0...255` to the lit one in `0...1`.
  @inline(__always)
  func withLookup(_ body: ((Float) -> Float) -> Void) {
    unsafe values.withUnsafeBufferPointer { values in
      body { pixel in
        let position = pixel * Float(Self.steps)
        let index = Int(position)
        let (low, high) = unsafe (values[index], values[index + 1])
        return low + (high - low) * (position - Float(index))
      }
    }
  }
}
