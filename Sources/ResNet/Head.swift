import Compute

/// fastai's head (`create_head`, recipe §4): concatenated max and mean pooling, then twice normalization, dropout and a
/// linear layer, with a ReLU after the first. Gives logits `[N, labels]`.
@safe struct Head {
  private let norm1: BatchNorm
  private let norm2: BatchNorm
  private let dropout1: Dropout
  private let dropout2: Dropout
  private let linear1: Linear
  private let linear2: Linear
  // By their place in the head: pooled features, normalized; hidden values after ReLU, normalized; logits.
  private let pooled: Tensor
  private let normalized: Tensor
  private let hidden: Tensor
  private let normalizedHidden: Tensor
  private let logits: Tensor
  private let dPooled: Tensor
  private let dHidden: Tensor
  private let argmax: UnsafeMutablePointer<Int32>
  private let engine: Engine

  init(input: Shape, plan: MemoryPlan) {
    engine = plan.engine
    let (features, width) = (2 * input.channels, Architecture.hidden)
    func norm(_ name: String, _ channels: Int) -> BatchNorm {
      BatchNorm(name, of: Shape(input.images, 1, 1, channels), sums: plan.sums, plan: plan)
    }
    func vector(_ channels: Int) -> Tensor { plan.arena.tensor(Shape(input.images, 1, 1, channels)) }
    (norm1, norm2) = (norm("head.2", features), norm("head.6", width))
    linear1 = Linear("head.4", inputs: features, outputs: width, plan: plan)
    linear2 = Linear("head.8", inputs: width, outputs: plan.parameters.labels, plan: plan)
    dropout1 = Dropout(batch: input.images, width: features, arena: plan.arena)
    dropout2 = Dropout(batch: input.images, width: width, arena: plan.arena)
    (pooled, normalized, dPooled) = (vector(features), vector(features), vector(features))
    (hidden, normalizedHidden, dHidden) = (vector(width), vector(width), vector(width))
    logits = vector(plan.parameters.labels)
    unsafe argmax = plan.arena.allocate(input.images * input.channels, of: Int32.self)
    plan.reserveGradient(input)
  }

  func forward(_ x: Tensor, pass: Pass) throws -> Tensor {
    let n = x.shape.images
    var sources = pass.images.map { RandomSource(seed: pass.seed, purpose: .dropout, pass.step, $0) }
    unsafe engine.concatPool(x, into: pooled.prefix(n), argmax: argmax)
    try normalize(norm1, pooled.prefix(n), into: normalized.prefix(n), pass: pass)
    if drops(pass) { dropout1.forward(normalized.prefix(n), rate: pass.dropout / 2, sources: &sources) }
    linear1.forward(normalized.prefix(n), into: hidden.prefix(n), pass: pass)
    for i in 0..<n * hidden.shape.channels { unsafe hidden.data[i] = max(hidden.data[i], 0) }
    try normalize(norm2, hidden.prefix(n), into: normalizedHidden.prefix(n), pass: pass)
    if drops(pass) { dropout2.forward(normalizedHidden.prefix(n), rate: pass.dropout, sources: &sources) }
    linear2.forward(normalizedHidden.prefix(n), into: logits.prefix(n), pass: pass)
    return logits.prefix(n)
  }

  /// Replaces the parameters' gradients, and dx by the gradient by x.
  func backward(_ dLogits: Tensor, into dx: Tensor, pass: Pass) throws {
    let n = dLogits.shape.images
    let (dHidden, dPooled) = (self.dHidden.prefix(n), self.dPooled.prefix(n))
    linear2.backward(dLogits, x: normalizedHidden.prefix(n), into: dHidden, pass: pass)
    if drops(pass) { dropout2.backward(dHidden) }
    try backward(norm2, dHidden, z: hidden.prefix(n), pass: pass)
    for i in 0..<n * hidden.shape.channels where unsafe hidden.data[i] <= 0 { unsafe dHidden.data[i] = 0 }
    linear1.backward(dHidden, x: normalized.prefix(n), into: dPooled, pass: pass)
    if drops(pass) { dropout1.backward(dPooled) }
    try backward(norm1, dPooled, z: pooled.prefix(n), pass: pass)
    unsafe engine.concatPoolBackward(dPooled, argmax: argmax, into: dx)
    try pass.layerDone?()
  }

  private func drops(_ pass: Pass) -> Bool { pass.training && pass.dropout > 0 }

  private func normalize(_ norm: BatchNorm, _ x: Tensor, into y: Tensor, pass: Pass) throws {
    if pass.training { engine.run(norm.statistics(of: x), on: x) }
    try norm.fit(x, pass: pass)
    engine.run(.normalize(x, by: norm.affine, relu: false), on: y)
  }

  /// The gradient by z, in place of dy.
  private func backward(_ norm: BatchNorm, _ dy: Tensor, z: Tensor, pass: Pass) throws {
    engine.run(norm.reduction(mask: .none, z: z), on: dy)
    engine.run(try norm.gradient(z: z, pass: pass), on: dy)
  }
}
