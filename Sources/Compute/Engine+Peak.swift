import CKernels

extension Engine {
  /// Floating-point operations a second that this rank's threads reach on registers alone, in this precision: what the
  /// machine cannot exceed. The best of five trials of some 20 ms.
  public func peakFlops() -> Double {
    let table = kernels.table(precision)
    let rounds = Int(4e9 / table.pointee.flops)
    return (0..<5).map { _ in
      let start = ContinuousClock.now
      threads.run { _ in _ = table.pointee.peak(rounds) }
      let time = ContinuousClock.now - start
      return Double(threads.count) * Double(rounds) * table.pointee.flops / time.seconds
    }.max() ?? 0
  }
}

extension Duration {
  /// As a number of seconds.
  public var seconds: Double { self / .seconds(1) }
}
