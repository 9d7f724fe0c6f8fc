import Collectives
import Compute

extension Communicator {
  /// Refuses what would end in the kernel's killing a rank: more memory than is allowed. Collective.
  ///
  /// - Parameter copies: of the weights, beside those that the recipe asks for.
  /// - Throws: ``TrainingError/tooLarge(bytes:_:)`` on the lowest such rank, as ``agree(_:)``.
  func checkMemory(training recipe: Configuration, size: Int, precision: Precision, copies: Int = 0) throws {
    // As measured: weights, gradients and moments, the program and its chips, and while the state is saved one more.
    let copies = copies + (recipe.ema > 0 ? 1 : 0) + (recipe.keepBest ? 1 : 0)
    let perRank = Double(recipe.batchSize) / Double(self.size)
    try checkMemory(values: perRank * Double(size * size) * 400, precision, beside: 6.5e8 + Double(copies) * 1.1e8)
  }

  /// - Parameters:
  ///   - images: evaluated at a time, on each rank.
  ///   - models: how many wait in rank 0's memory.
  func checkMemory(evaluating images: Int, size: Int, precision: Precision, models: Int = 1) throws {
    try checkMemory(
      values: Double(images) * Double(size * size) * 100, precision,
      beside: 2e8 + Double(rank == 0 ? models : 0) * 1.1e8)
  }

  /// - Parameters:
  ///   - values: a rank's activations.
  ///   - rest: bytes a rank needs beside them.
  private func checkMemory(values: Double, _ precision: Precision, beside rest: Double) throws {
    let excess = try overdrawn(Allowance().memory, by: values * Double(precision.bytes) + rest)
    try agree { if let (budget, needed) = excess { throw TrainingError.tooLarge(bytes: needed, budget) } }
  }
}
