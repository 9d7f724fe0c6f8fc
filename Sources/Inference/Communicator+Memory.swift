public import Collectives
public import Compute
import PlanetData
public import Recipes
public import ResNet

extension Communicator {
  /// The program itself: its code, the libraries' buffers, packed weights, chips being decoded; as measured, in bytes.
  private static let program = 1.4e8

  /// Refuses training that would need more memory than is allowed. Collective.
  ///
  /// - Parameters:
  ///   - copies: of the weights, beside those that the recipe asks for.
  ///   - keepsState: whether this rank copies all while the state is saved.
  /// - Throws: as ``checkMemory(_:)``.
  public func checkMemory(
    training recipe: Configuration, size: Int, precision: Precision, copies: Int = 0, keepsState: Bool = false
  ) throws {
    // Weights and the optimizer's, once among ranks that share memory; a bucket of gradients, and among hosts their sums;
    // a copy of all while the state is saved, or of the weights while a model is.
    let common = 1 + Recipe.optimizer.floatsPerWeight + copies + (recipe.ema > 0 ? 1 : 0) + (recipe.keepBest ? 1 : 0)
    let sharers = Double(sharesMemory ? ranksHere : 1)
    let weights =
      Double(common + (sharesMemory && hosts > 1 ? 1 : 0)) / sharers + Double(keepsState ? common : rank == 0 ? 1 : 0)
    let images = EpochOrder.largestShare(of: recipe.batchSize, worldSize: self.size)
    let activations = recipe.arch.activationBytes(imageSize: size, images: images, precision: precision, training: true)
    try checkMemory(
      Double(activations + recipe.arch.gradientBytes) + weights * Double(recipe.arch.weightBytes)
        + Self.chips(images, size: size) + Self.program)
  }

  /// Refuses evaluation that would need more memory than is allowed. Collective.
  ///
  /// - Parameters:
  ///   - images: evaluated at a time, on each rank.
  ///   - waiting: networks whose weights wait in rank 0's memory.
  /// - Throws: as ``checkMemory(_:)``.
  public func checkMemory(
    evaluating architecture: Architecture, images: Int, size: Int, precision: Precision, waiting: [Architecture] = []
  ) throws {
    let activations = architecture.activationBytes(
      imageSize: size, images: images, precision: precision, training: false)
    let weights = ((rank == 0 ? waiting : []) + [architecture]).reduce(0) { $0 + $1.weightBytes }
    try checkMemory(Double(activations + weights) + Self.chips(images, size: size) + Self.program)
  }

  /// Bytes of the batches that a loader has ready, and of the one that is used.
  private static func chips(_ images: Int, size: Int) -> Double {
    Double((BatchLoader.depth + 1) * images * size * size * 3 * MemoryLayout<Float>.size)
  }
}
