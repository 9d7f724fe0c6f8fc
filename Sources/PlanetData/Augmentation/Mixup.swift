import Compute
import Foundation

/// mixup (Zhang et al., arXiv:1710.09412) in fastai's form for several labels (`stack_y=False`, recipe §9): images and
/// targets become λ·own + (1 - λ)·partner's, where the partner is another of the same global batch and
/// λ = max(b, 1 - b), b ~ Beta(α, α), drawn for each image.
public struct Mixup: Sendable {
  /// What is mixed into an image.
  public struct Partner: Sendable, Equatable {
    /// Its place in the dataset. It is augmented as it is when the epoch comes to it.
    public let index: Int
    /// 1 - λ, at most one half.
    public let weight: Float
  }

  /// More than 0; the smaller, the less is mixed.
  public let alpha: Double
  /// The stage's: stages must not repeat each other.
  public let seed: UInt64

  public init(alpha: Double, seed: UInt64) { (self.alpha, self.seed) = (alpha, seed) }

  /// The partners of a global batch's images: the batch in another order, a function of seed, step and the images.
  ///
  /// - Parameter step: of the stage.
  public func partners(of batch: [Int], step: Int) -> [Partner] {
    var random = RandomSource(seed: seed, purpose: .mixupPartner, step, 0)
    var order = batch
    random.shuffle(&order)
    return batch.indices.map { Partner(index: order[$0], weight: weight(step: step, position: $0)) }
  }

  /// Draws from Beta(α, α) by Jöhnk's method: U^(1/α) / (U^(1/α) + V^(1/α)), for the first pair of uniform U, V with a sum
  /// of powers of at most 1. It computes in logarithms, since U^(1/α) is soon too small for a number.
  private func weight(step: Int, position: Int) -> Float {
    var random = RandomSource(seed: seed, purpose: .mixupWeight, step, position)
    while true {
      let (u, v) = (log(1 - Double(random.uniform())) / alpha, log(1 - Double(random.uniform())) / alpha)
      let (low, high) = (min(u, v), max(u, v))
      guard low > -.infinity else { return 0 }
      if high + log1p(exp(low - high)) <= 0 { return Float(1 / (1 + exp(high - low))) }
    }
  }
}
