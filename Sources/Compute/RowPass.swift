import CKernels

/// `z·scale + shift`, by channel: what normalizing comes down to. Pointers to as many floats as z has channels.
///
/// `Sendable`: the threads of a pass only read what the pointers lead to.
public struct Affine: @unchecked Sendable {
  public let scale: UnsafeMutablePointer<Float>
  public let shift: UnsafeMutablePointer<Float>

  public init(scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>) {
    self.scale = scale
    self.shift = shift
  }
}

/// Something batch normalization does to each row (pixel) of an output: in a pass of its own, ``Engine/run(_:on:)``,
/// or to a convolution's output as long as it is in the cache.
///
/// `Sendable`: a pass gives each of its threads rows of its own.
public struct RowPass: @unchecked Sendable {
  private(set) var pass: pd_pass

  private init(_ kind: pd_kind) {
    pass = pd_pass()
    pass.kind = kind
  }

  private mutating func add(to sums: PieceSums, _ shape: Shape) {
    (pass.sums, pass.channels, pass.pixels) = (sums.values, Int32(shape.channels), shape.height * shape.width)
  }

  /// Whether it sums.
  var sums: Bool { pass.sums != nil }

  /// Sums, by channel: of the output and of its squares.
  ///
  /// - Parameter shape: the output's.
  public static func statistics(of shape: Shape, sums: PieceSums) -> RowPass {
    var new = RowPass(PD_STATISTICS)
    new.add(to: sums, shape)
    return new
  }

  /// `output = z·scale + shift + residual`, clipped at zero with `relu`.
  ///
  /// - Parameters:
  ///   - z: a tensor like the output; where nil the output itself.
  ///   - residual: a tensor like z to add, itself scaled and shifted where an affine map is given.
  public static func normalize(
    _ z: Tensor? = nil, by affine: Affine, relu: Bool, residual: Tensor? = nil,
    residualBy residualAffine: Affine? = nil
  ) -> RowPass {
    var new = RowPass(PD_NORMALIZE)
    new.pass.relu = relu ? 1 : 0
    new.pass.from = z.map { UnsafeRawPointer($0.memory) }
    (new.pass.scale, new.pass.shift) = (UnsafePointer(affine.scale), UnsafePointer(affine.shift))
    new.pass.residual = residual.map { UnsafeRawPointer($0.memory) }
    new.pass.residual_scale = residualAffine.map { UnsafePointer($0.scale) }
    new.pass.residual_shift = residualAffine.map { UnsafePointer($0.shift) }
    return new
  }

  /// What a ReLU let through, and a gradient must pass again.
  public enum Mask: Sendable {
    case none
    /// Where this tensor, the ReLU's output, is positive.
    case output(Tensor)
    /// Where z, so mapped, is positive.
    case normalized(Affine)
  }

  /// The output, a gradient dy, is set to zero where `mask` says. Then sums, by channel: of dy, and of dy·(z − mean).
  public static func reduce(mask: Mask, z: Tensor, mean: UnsafePointer<Float>, sums: PieceSums) -> RowPass {
    var new = RowPass(PD_REDUCE)
    switch mask {
    case .none: break
    case .output(let y): new.pass.y = UnsafeRawPointer(y.memory)
    case .normalized(let affine):
      new.pass.relu = 1
      (new.pass.scale, new.pass.shift) = (UnsafePointer(affine.scale), UnsafePointer(affine.shift))
    }
    (new.pass.z, new.pass.mean) = (UnsafeRawPointer(z.memory), mean)
    new.add(to: sums, z.shape)
    return new
  }

  /// `output = scale·(dy − shift) + slope·(z − mean)`, by channel.
  ///
  /// - Parameter dy: a tensor like the output; where nil the output itself.
  public static func gradient(
    _ dy: Tensor? = nil, by affine: Affine, z: Tensor, slope: UnsafePointer<Float>, mean: UnsafePointer<Float>
  ) -> RowPass {
    var new = RowPass(PD_GRADIENT)
    new.pass.from = dy.map { UnsafeRawPointer($0.memory) }
    (new.pass.scale, new.pass.shift) = (UnsafePointer(affine.scale), UnsafePointer(affine.shift))
    (new.pass.z, new.pass.slope, new.pass.mean) = (UnsafeRawPointer(z.memory), slope, mean)
    return new
  }
}

extension Engine {
  /// `pass` over all of output.
  public func run(_ pass: RowPass, on output: Tensor) {
    splitRows(output.shape, for: pass) { _, rows in run(pass, on: output, rows) }
  }

  /// `pass` over some rows, in the calling thread.
  func run(_ pass: RowPass, on output: Tensor, _ rows: Range<Int>) {
    withUnsafePointer(to: pass.pass) {
      kernels.table(output.precision).pointee.run(
        $0, output.memory, rows.lowerBound, rows.upperBound, Int32(output.shape.channels))
    }
  }
}
