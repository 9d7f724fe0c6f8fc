public import Collectives
public import Compute

/// What a rank works with: its place among the others, its kernels and threads, and the threads that decode its images.
public struct Worker {
  public let communicator: Communicator
  public let engine: Engine
  /// Threads that decode images while the network computes.
  public let loaderThreads: Int
  /// What sets the number of the engine's threads: "--threads", or a budget.
  public let threadsSource: String

  /// How its kernels round: runs that round alike compute the same bits.
  public var rounding: String { "\(engine.kernels.rounding(engine.precision)), OpenBLAS \(OpenBLAS.core)" }

  public init(
    _ communicator: Communicator, _ engine: Engine, loaderThreads: Int = 1, threadsSource: String = "--threads"
  ) {
    (self.communicator, self.engine, self.loaderThreads) = (communicator, engine, loaderThreads)
    self.threadsSource = threadsSource
  }
}
