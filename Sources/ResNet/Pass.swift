public import Compute

/// What a forward and the backward after it need to know besides tensors.
@safe public struct Pass {
  /// Adds up, over all ranks, the values in the buffer. Each rank calls it at the same places with as many values.
  public typealias Sum = @Sendable (UnsafeMutableBufferPointer<Double>) throws -> Void
  /// Told after each layer's backward that the gradients of its parameters are complete; see ``GradientBucket``.
  public typealias LayerDone = () throws -> Void
  /// Told before weights are read that all layers' are about to be, but for the first so many, counted from the head.
  public typealias WillRead = (_ allBut: Int) throws -> Void

  /// Whether to normalize by the batch's statistics and to drop out; otherwise running statistics are used and nothing
  /// is dropped.
  public let training: Bool
  /// Whether the body's filters stay as they are, so that their gradients need not be computed (recipe §4.1).
  public let frozen: Bool
  /// This rank's images by the parts of the batch; one part where nil.
  public let parts: BatchParts?
  /// How batch normalization's statistics are summed over ranks; each rank's own where nil.
  public let sumOverRanks: Sum?
  public let willRead: WillRead?
  public let layerDone: LayerDone?
  /// Whether this rank gives the gradients that every rank knows, because ranks summed them already: the others give
  /// zeros, so that adding up all ranks' gradients leaves them as they are.
  public let givesCommonGradients: Bool
  /// Dropout before the head's second linear layer; half of it before the first (fastai's `ps`).
  public let dropout: Float
  /// Key of dropout: (seed, step, image) decides what is dropped.
  public let seed: UInt64
  public let step: Int
  /// For each image of the batch, its number in the dataset.
  public let images: [Int]

  public init(
    training: Bool, frozen: Bool = false, parts: BatchParts? = nil, sumOverRanks: Sum? = nil,
    willRead: WillRead? = nil, layerDone: LayerDone? = nil, givesCommonGradients: Bool = true, dropout: Float = 0,
    seed: UInt64 = 0,
    step: Int = 0, images: [Int] = []
  ) {
    self.training = training
    self.frozen = frozen
    self.parts = parts
    self.givesCommonGradients = givesCommonGradients
    unsafe self.sumOverRanks = sumOverRanks
    self.willRead = willRead
    self.layerDone = layerDone
    self.dropout = dropout
    self.seed = seed
    self.step = step
    self.images = images
  }

  func parts(of images: Int) -> BatchParts { parts ?? BatchParts(all: images) }

  /// A pass that only predicts.
  public static var evaluation: Pass { unsafe Pass(training: false) }
}
