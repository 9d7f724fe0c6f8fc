import Collectives
import Compute
import Foundation

extension Communicator {
  /// Refuses what would end in the kernel's killing a rank: more memory than its host has. Collective.
  ///
  /// - Parameter images: of a training step, over all ranks.
  /// - Throws: ``TrainingError/tooLarge(gigabytes:available:)`` on the lowest such rank, as ``agree(_:)``.
  func checkMemory(training images: Int, size: Int, precision: Precision) throws {
    // As `bench memory` measures; weights, gradients and moments behind.
    let perRank = Double(images) / Double(self.size)
    try checkMemory(values: perRank * Double(size * size) * 400, precision, beside: 6e8)
  }

  /// - Parameter images: evaluated at a time, on each rank.
  func checkMemory(evaluating images: Int, size: Int, precision: Precision) throws {
    try checkMemory(values: Double(images) * Double(size * size) * 100, precision, beside: 2e8)
  }

  /// - Parameters:
  ///   - values: a rank's activations.
  ///   - rest: bytes a rank needs beside them.
  private func checkMemory(values: Double, _ precision: Precision, beside rest: Double) throws {
    let needed = Double(try placement().localSize) * (values * Double(precision.bytes) + rest)
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    try agree {
      guard needed < available else {
        throw TrainingError.tooLarge(gigabytes: Int(min(1e9, needed / 1e9)), available: Int(available / 1e9))
      }
    }
  }
}
