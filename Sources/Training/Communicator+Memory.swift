import Collectives
import Compute
import Foundation

extension Communicator {
  /// Refuses what would end in the kernel's killing a rank: more memory than its host has. Collective.
  ///
  /// - Parameter images: of a training step, over all ranks.
  /// - Throws: ``TrainingError/tooLarge(gigabytes:available:)`` on such a host's ranks.
  func checkMemory(training images: Int, size: Int, precision: Precision) throws {
    // As `bench memory` measures.
    try checkMemory(imagesPerRank: Double(images) / Double(self.size), size: size, valuesPerPixel: 400, precision)
  }

  /// - Parameter images: evaluated at a time, on each rank.
  func checkMemory(evaluating images: Int, size: Int, precision: Precision) throws {
    try checkMemory(imagesPerRank: Double(images), size: size, valuesPerPixel: 100, precision)
  }

  private func checkMemory(
    imagesPerRank: Double, size: Int, valuesPerPixel: Double, _ precision: Precision
  ) throws {
    let ranks = Double(try placement().localSize)
    let pixels = imagesPerRank * Double(size) * Double(size)
    // Behind each image's values come a rank's weights, gradients and moments.
    let needed = ranks * (pixels * valuesPerPixel * Double(precision.bytes) + 6e8)
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    try agree {
      guard needed < available else {
        throw TrainingError.tooLarge(gigabytes: Int(min(1e9, needed / 1e9)), available: Int(available / 1e9))
      }
    }
  }
}
