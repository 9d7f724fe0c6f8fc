import CKernels

/// How the threads of a rank share one of a convolution's products: counted, not measured.
public struct ProductPlan: Sendable {
  /// What one thread does.
  public struct Share: Sendable {
    /// Multiplications and additions, those of rows that only fill up tiles included.
    public var operations = 0.0
    /// Of activations and packed weights that it reads, each counted once.
    public var bytes = 0.0
  }

  /// One for each thread.
  public let shares: [Share]
  /// Multiplications and additions that are needed.
  public let operations: Double

  /// By how much the thread that has most to do exceeds the mean of what is needed: 1 were ideal.
  public var imbalance: Double { (shares.map(\.operations).max() ?? 0) * Double(shares.count) / operations }
  /// What the thread reads that reads most.
  public var bytes: Double { shares.map(\.bytes).max() ?? 0 }
}

/// How a training step's products are shared.
extension Convolver {
  /// - Parameter isNormalized: whether x is normalized on its way in.
  public func forwardPlan(_ x: Shape, isNormalized: Bool) -> ProductPlan {
    if let winograd { return winograd.forwardPlan(x) }
    let (y, isStored) = (output(for: x), !isNormalized && readsAsStored)
    let product = forwardProduct(x, isStored: isStored, sums: true)
    let taps = Int(filter.height * filter.width)
    let shares = engine.threads.plan(product) { rows, panels in
      let parts = isStored ? [rows] : chunks(x, rows).map { self.rows(of: y, for: $0, of: x) }
      let read = isStored ? rows.count * x.rows / max(1, y.rows) : rows.count
      return share(
        parts.map { product.padded($0.count) }.reduce(0, +), by: panels, taps: taps, depth: inputs,
        reading: read * x.channels)
    }
    return ProductPlan(shares: shares, operations: 2 * Double(y.rows * taps * inputs * outputs))
  }

  /// With a pass on dx that sums, as all but the downsamplings' have it.
  public func inputGradientPlan(_ x: Shape) -> ProductPlan {
    let dy = output(for: x)
    if let winograd { return winograd.inputGradientPlan(dy) }
    let product = backwardProduct(dy, sums: true)
    let kinds = parities.map {
      (taps: $0.order.count, shape: Shape(x.images, rows(x.height, $0.y), rows(x.width, $0.x), 1))
    }
    let shares = engine.threads.plan(product) { rows, panels in
      var sum = ProductPlan.Share()
      for kind in kinds {
        let padded = chunks(dy, rows).map { product.padded(self.rows(of: kind.shape, for: $0, of: dy).count) }
        sum.operations += share(padded.reduce(0, +), by: panels, taps: kind.taps, depth: outputs, reading: 0).operations
      }
      let taps = Int(filter.height * filter.width)
      sum.bytes = share(0, by: panels, taps: taps, depth: outputs, reading: rows.count * outputs).bytes
      return sum
    }
    let operations = kinds.map { 2 * Double($0.shape.rows * $0.taps * inputs * outputs) }.reduce(0, +)
    return ProductPlan(shares: shares, operations: operations)
  }

  public func weightGradientPlan(_ x: Shape, _ parts: BatchParts) -> ProductPlan {
    let (dy, taps) = (output(for: x), Int(filter.height * filter.width))
    let floats = engine.kernels.table(.fp32)
    let (kernels, unit) = winograd == nil ? (table, gradientUnit) : (floats, Int(PD_WINOGRAD_UNIT))
    let tiles = winograd.map { Double($0.tiles(x, inputs, outputs).perImage * Int(PD_POINTS)) }
    let perImage = tiles ?? Double(dy.height * dy.width * taps)
    let (width, panels) = (Int(kernels.pointee.panel), winograd?.panels(outputs) ?? self.panels(filter.outputs))
    let split = engine.gradientSplit(
      inputs, unit: unit, by: panels, width: width, parts, count: taps * inputs * outputs)
    let shares = (0..<engine.threads.count).map { thread in
      guard let own = split.share(thread, inputs: inputs, unit: unit, panels: panels) else {
        return ProductPlan.Share()
      }
      let images = parts.branch(own.branch, of: split.branches).images.map(\.count).reduce(0, +)
      let rows = (own.inputs.count + unit - 1) / unit * unit
      let pixels = own.inputs.count * x.height * x.width + own.panels.count * width * dy.height * dy.width
      return ProductPlan.Share(
        operations: 2 * Double(images * rows * own.panels.count * width) * perImage,
        bytes: Double(images * pixels * engine.precision.bytes))
    }
    return ProductPlan(shares: shares, operations: 2 * Double(x.images * inputs * outputs) * perImage)
  }

  private var inputs: Int { Int(filter.inputs) }
  private var outputs: Int { Int(filter.outputs) }

  // Pixels of one parity in a line or column.
  private func rows(_ count: Int, _ parity: Int32) -> Int {
    (count - Int(parity) + Int(filter.stride) - 1) / Int(filter.stride)
  }

  // Rows multiplied with panels, and values read.
  private func share(_ rows: Int, by panels: Range<Int>, taps: Int, depth: Int, reading values: Int)
    -> ProductPlan.Share
  {
    let outputs = panels.count * Int(table.pointee.panel)
    return ProductPlan.Share(
      operations: 2 * Double(rows * taps * depth * outputs),
      bytes: Double(values * engine.precision.bytes + pd_panels(table, Int32(taps), Int32(depth), Int32(outputs))))
  }
}

extension Winograd {
  func forwardPlan(_ x: Shape) -> ProductPlan {
    plan(forwardProduct(x, sums: true), tiles(x, inputs, outputs), atATime: Int(PD_WINOGRAD_TILES))
  }

  func inputGradientPlan(_ dy: Shape) -> ProductPlan {
    let tiles = tiles(dy, outputs, inputs)
    return plan(backwardProduct(dy), tiles, atATime: imagesAtATime(tiles.perImage) * tiles.perImage)
  }

  /// - Parameter step: tiles that are multiplied before the last ones are filled up.
  private func plan(_ product: Product, _ tiles: pd_tiles, atATime step: Int) -> ProductPlan {
    let (floats, depth, points) = (engine.kernels.table(.fp32), Int(tiles.inputs), Double(PD_POINTS))
    let pixels = Int(tiles.height) * Int(tiles.width)
    let shares = engine.threads.plan(product) { range, panels in
      let outputs = panels.count * product.width
      let rows = stride(from: 0, to: range.count, by: step).map { product.padded(min(step, range.count - $0)) }
      return ProductPlan.Share(
        operations: 2 * points * Double(rows.reduce(0, +) * depth * outputs),
        bytes: Double(range.count * pixels * depth * engine.precision.bytes / tiles.perImage)
          + Double(pd_winograd_panels(floats, tiles.inputs, Int32(outputs))))
    }
    return ProductPlan(
      shares: shares, operations: 2 * points * Double(tiles.count * depth) * Double(tiles.outputs))
  }
}

extension Threads {
  fileprivate func plan(
    _ product: Product, _ share: (_ rows: Range<Int>, _ panels: Range<Int>) -> ProductPlan.Share
  ) -> [ProductPlan.Share] {
    let grid = product.grid(threads: count)
    return (0..<count).map {
      product.share($0, of: grid).map { share($0.rows, $0.panels) } ?? ProductPlan.Share()
    }
  }
}
