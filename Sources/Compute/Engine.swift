/// What arithmetic runs on: a kernel set, threads, and the precision in which activations are stored.
public struct Engine: Sendable {
  public let kernels: Kernels
  public let threads: Threads
  public let precision: Precision

  public init(kernels: Kernels, threads: Threads, precision: Precision = .fp32) {
    self.kernels = kernels
    self.threads = threads
    self.precision = precision
  }
}
