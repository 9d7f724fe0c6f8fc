import COpenBLAS

/// The three products of a linear layer, by OpenBLAS. Matrices are row-major; rows of `x` and `y` are images.
///
/// OpenBLAS adds up differently for other shapes, so each product is taken by parts of the batch, and by ``block`` columns
/// of the result: then its bits depend neither on ranks nor on threads.
public struct MatrixMultiply: Sendable {
  private let engine: Engine
  private let parts: BatchParts
  private static let block = 128

  public init(_ parts: BatchParts, on engine: Engine) {
    (self.parts, self.engine) = (parts, engine)
    Self.single
  }

  /// `y = x Wᵀ`: x `[N, inputs]`, W `[outputs, inputs]`, y `[N, outputs]`.
  public func forward(_ x: Tensor, _ w: UnsafePointer<Float>, into y: Tensor) {
    multiply(x, w, CblasTrans, into: y)
  }

  /// `dx = dy W`, replacing dx.
  public func inputGradient(_ dy: Tensor, _ w: UnsafePointer<Float>, into dx: Tensor) {
    multiply(dy, w, CblasNoTrans, into: dx)
  }

  private func multiply(_ x: Tensor, _ w: UnsafePointer<Float>, _ layout: CBLAS_TRANSPOSE, into y: Tensor) {
    let (k, n) = (x.shape.channels, y.shape.channels)
    // From a column of y to the next, and from a row of W to the next.
    let (column, row) = layout == CblasTrans ? (k, k) : (1, n)
    blocks(n) { columns in
      for images in parts.images where !images.isEmpty {
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, layout, Int32(images.count), Int32(columns.count), Int32(k), 1,
          x.images(images).data, Int32(k), w + columns.lowerBound * column, Int32(row), 0,
          y.images(images).data + columns.lowerBound, Int32(n))
      }
    }
  }

  /// `dW = dyᵀ x`, replacing dW.
  public func weightGradient(_ dy: Tensor, _ x: Tensor, into dw: UnsafeMutablePointer<Float>, scratch: Scratch) {
    let (m, n) = (dy.shape.channels, x.shape.channels)
    blocks(n) { columns in
      parts.sum(into: dw, count: m * n, waiting: scratch.waiting(parts)) { _, images, to, carry in
        if !images.isEmpty {
          cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(m), Int32(columns.count), Int32(images.count), 1,
            dy.images(images).data, Int32(m), x.images(images).data + columns.lowerBound, Int32(n), 0,
            to + columns.lowerBound, Int32(n))
        }
        for row in 0..<m {
          let place = row * n + columns.lowerBound
          if images.isEmpty { (to + place).update(repeating: 0, count: columns.count) }
          carry.pointee.add(to: to + place, at: place, count: columns.count)
        }
      }
    }
  }

  /// `db`, the sum of dy's rows.
  public func biasGradient(_ dy: Tensor, into db: UnsafeMutablePointer<Float>, scratch: Scratch) {
    let count = dy.shape.channels
    parts.sum(into: db, count: count, waiting: scratch.waiting(parts)) { _, images, to, carry in
      to.update(repeating: 0, count: count)
      for n in images {
        for o in 0..<count { to[o] += dy.data[n * count + o] }
      }
      carry.pointee.add(to: to, at: 0, count: count)
    }
  }

  private func blocks(_ columns: Int, _ body: (Range<Int>) -> Void) {
    engine.threads.split((columns + Self.block - 1) / Self.block) { _, range in
      for block in range { body(block * Self.block..<min(columns, (block + 1) * Self.block)) }
    }
  }

  // One thread for each product: OpenBLAS's own threads would fight with ours.
  private static let singleThread: Void = openblas_set_num_threads(1)
  private static var single: Void { singleThread }
}
