import Compute

/// Hands the layers their memory while the network is built. A step allocates nothing.
final class Plan {
  let parameters: Parameters
  let engine: Engine
  let arena = Arena()
  private var scratchPerThread = 0
  private var gradientCount = 0

  init(parameters: Parameters, engine: Engine) {
    self.parameters = parameters
    self.engine = engine
  }

  /// Asks for scratch memory for each thread, shared by all layers.
  func reserveScratch(_ perThread: Int) { scratchPerThread = max(scratchPerThread, perThread) }

  /// Asks for the working gradients to be able to hold such a tensor.
  func reserveGradient(_ shape: Shape) { gradientCount = max(gradientCount, shape.count) }

  /// The memory backward works in, once every layer has asked.
  func workspace() -> Workspace {
    Workspace(
      scratch: arena.take(scratchPerThread * engine.threads.count),
      gradients: (0..<4).map { _ in arena.take(gradientCount) })
  }
}

/// Memory backward reuses from block to block.
struct Workspace {
  /// For the weight gradient's kernels.
  let scratch: UnsafeMutablePointer<Float>
  /// Four activations' gradients, each as large as the largest.
  let gradients: [UnsafeMutablePointer<Float>]
}
