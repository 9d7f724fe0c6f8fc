public import Collectives
public import Compute
public import Recipes

extension Communicator {
  /// Refuses training that would need more memory than is allowed. Collective.
  ///
  /// - Parameter copies: of the weights, beside those that the recipe asks for.
  /// - Throws: as ``checkMemory(_:)``.
  public func checkMemory(training recipe: Configuration, size: Int, precision: Precision, copies: Int = 0) throws {
    // As measured: weights, gradients and moments, the program and its chips, and while the state is saved one more.
    let copies = copies + (recipe.ema > 0 ? 1 : 0) + (recipe.keepBest ? 1 : 0)
    let perRank = Double(recipe.batchSize) / Double(self.size)
    let activations = perRank * Double(size * size) * 400 * Double(precision.bytes)
    try checkMemory(activations + 6.5e8 + Double(copies) * 1.1e8)
  }

  /// Refuses evaluation that would need more memory than is allowed. Collective.
  ///
  /// - Parameters:
  ///   - images: evaluated at a time, on each rank.
  ///   - models: how many wait in rank 0's memory.
  public func checkMemory(evaluating images: Int, size: Int, precision: Precision, models: Int = 1) throws {
    let activations = Double(images) * Double(size * size) * 100 * Double(precision.bytes)
    try checkMemory(activations + 2e8 + Double(rank == 0 ? models : 0) * 1.1e8)
  }
}
