public import Compute

/// A ResNet with fastai's head, of the architecture of shared ``Parameters``, with memory for batches of one size.
///
/// `forward` runs down the layers, `backward` up; in training each layer keeps what its backward needs until the next
/// forward. The law of accumulation: a backward replaces every gradient it computes, of parameters and of activations,
/// except a bottleneck's gradient by its input, where the main path is added to the shortcut.
public final class Network {
  let plan: MemoryPlan
  private let stem: Stem
  private let blocks: [Bottleneck]
  private let head: Head
  private let workspace: Workspace
  private let features: Shape
  private let engine: Engine
  /// The convolutions in the order in which weights are packed. Nobody needs the stem's gradient by its input.
  private let forwardOrder: [ConvolutionNorm]
  private let evaluationOrder: [ConvolutionNorm]
  private let backwardOrder: [ConvolutionNorm]
  /// Images, `[N, size, size, 3]`, normalized: the caller fills them. `N` is the largest batch.
  public let images: Tensor

  /// - Parameters:
  ///   - imageSize: height and width of the images.
  ///   - batch: the largest number of images of a pass.
  ///   - parts: the most into which a pass cuts its images.
  public init(_ parameters: Parameters, imageSize: Int, batch: Int, engine: Engine, parts: Int = 1) {
    self.engine = engine
    plan = MemoryPlan(parameters: parameters, engine: engine, parts: parts)
    images = plan.arena.tensor(Shape(batch, imageSize, imageSize, 3))
    stem = Stem(input: images.shape, plan: plan)
    var shape = stem.outputShape
    var blocks: [Bottleneck] = []
    for layer in parameters.architecture.layers {
      for index in 0..<layer.blocks {
        let block = Bottleneck(
          "\(layer.name).\(index)", input: shape, width: layer.width, stride: index == 0 ? layer.stride : 1,
          isFirst: index == 0, plan: plan)
        blocks.append(block)
        shape = block.outputShape
      }
    }
    self.blocks = blocks
    forwardOrder = [stem.convolution] + blocks.flatMap(\.forwardOrder)
    evaluationOrder = [stem.convolution] + blocks.flatMap(\.evaluationOrder)
    backwardOrder = blocks.reversed().flatMap(\.backwardOrder)
    features = shape
    head = Head(input: shape, plan: plan)
    workspace = plan.workspace()
    inputs = []
  }

  /// The most bytes that packed weights take: the size of ``shareWeights(_:team:keeper:meet:)``'s buffers.
  public var panelBytes: Int { plan.scratch.panelBytes }

  /// Packs weights together with other ranks from now on: all of the team run the same passes, each with images of its own
  /// or with none. Between a pass and the next they meet.
  ///
  /// - Parameters:
  ///   - buffers: two, that all ranks of the team see.
  ///   - keeper: keeps them alive.
  ///   - meet: returns when all ranks have come.
  public func shareWeights(
    _ buffers: [UnsafeMutableRawPointer], team: Threads.Team, keeper: AnyObject, meet: @escaping () throws -> Void
  ) {
    unsafe plan.panels.shared = PanelQueue.Shared(buffers: buffers, team: team, meet: meet, keeper: keeper)
  }

  // What each block was given in the last forward, and the last one's output.
  private var inputs: [Tensor]

  public var threads: Threads { engine.threads }

  /// Whether ``shareWeights(_:team:keeper:meet:)`` was called.
  public var sharesWeights: Bool { plan.panels.shared != nil }

  /// Logits `[count, labels]` of the first `count` of ``images``. They stay valid until the next forward.
  ///
  /// - Throws: what the pass's sum over ranks throws.
  public func forward(count: Int, pass: Pass) throws -> Tensor {
    guard pass.training else {
      inputs = []
      try plan.panels.begin(evaluationOrder, .forward)
      var x = try stem.evaluate(images.prefix(count), workspace: workspace)
      for block in blocks { x = try block.evaluate(x, workspace: workspace) }
      return try head.forward(x, pass: pass)
    }
    // While a block runs, weights of the next one are packed.
    try pass.willRead?(layers(after: 0))
    try plan.panels.begin(forwardOrder, .forward)
    inputs = [try stem.forward(images.prefix(count), pass: pass)]
    for (i, block) in blocks.enumerated() {
      try pass.willRead?(layers(after: i + 1))
      inputs.append(try block.forward(inputs[inputs.count - 1], pass: pass))
    }
    return try head.forward(inputs[inputs.count - 1], pass: pass)
  }

  /// How many layers are behind a block, the head among them: none behind the head, which is as if a block.
  private func layers(after block: Int) -> Int {
    block == blocks.count ? 0 : 1 + blocks[(block + 1)...].reduce(0) { $0 + $1.forwardOrder.count }
  }

  /// Fills the gradients of the parameters that train, given the loss's gradient by the last forward's logits.
  ///
  /// - Throws: what the pass's sum over ranks throws.
  public func backward(_ dLogits: Tensor, pass: Pass) throws {
    precondition(pass.training && inputs.count == blocks.count + 1, "backward follows a training forward")
    let n = dLogits.shape.images
    try plan.panels.begin(backwardOrder, .backward)
    var d = unsafe Tensor(workspace.buffers[0], features, engine.precision).prefix(n)
    try head.backward(dLogits, into: d, pass: pass)
    if let last = blocks.last { engine.run(last.reduction(n), on: d) }
    for i in blocks.indices.reversed() {
      let before = i > 0 ? blocks[i - 1].reduction(n) : nil
      d = try blocks[i].backward(d, x: inputs[i], after: before, workspace: workspace, pass: pass)
    }
    try stem.backward(d, workspace: workspace, pass: pass)
  }
}
