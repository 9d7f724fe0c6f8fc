import Compute

/// Hands the layers their memory while the network is built. A step allocates no tensor.
final class MemoryPlan {
  let parameters: Parameters
  let engine: Engine
  let arena = Arena()
  let scratch: Scratch
  /// For all normalizations whose sums are added up before another one sums.
  let sums = PieceSums()
  let panels = PanelQueue()
  private var gradientCount = 0

  init(parameters: Parameters, engine: Engine, parts: Int) {
    self.parameters = parameters
    self.engine = engine
    scratch = Scratch(engine.threads, parts: parts)
  }

  /// A tensor of activations.
  func tensor(_ shape: Shape) -> Tensor { arena.tensor(shape, engine.precision) }

  /// Asks for the working buffers to be able to hold such a tensor of activations.
  func reserveGradient(_ shape: Shape) { gradientCount = max(gradientCount, shape.count) }

  /// The memory backward and evaluation work in, once every layer has asked.
  func workspace() -> Workspace {
    let bytes = gradientCount * engine.precision.bytes
    return unsafe Workspace(
      buffers: (0..<4).map { _ in unsafe UnsafeMutableRawPointer(arena.allocate(bytes, of: UInt8.self)) })
  }
}

/// Memory that is used again from block to block: backward's gradients, or evaluation's activations.
@safe struct Workspace {
  /// Each as large as the largest activation.
  let buffers: [UnsafeMutableRawPointer]

  /// The three that do not hold `tensor`.
  func free(but tensor: Tensor) -> [UnsafeMutableRawPointer] { unsafe buffers.filter { unsafe $0 != tensor.memory } }
}
