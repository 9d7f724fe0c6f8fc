import CKernels

/// The gradients of a convolution.
extension Convolver {
  /// The gradient of the loss by x, replacing `dx` or added to it.
  ///
  /// - Parameters:
  ///   - panels: the weights as packed; packed here where nil. Not with `adding` where Winograd's products apply.
  ///   - before: a pass that computes dy.
  ///   - after: what is done to dx.
  public func inputGradient(
    dy: Tensor, weights: UnsafePointer<Float>, panels: UnsafeRawPointer? = nil, into dx: Tensor, adding: Bool = false,
    before: RowPass? = nil, after: RowPass? = nil
  ) {
    precondition(output(for: dx.shape) == dy.shape, "input gradient of \(dy.shape) into \(dx.shape)")
    if let winograd, !adding {
      let panels = panels ?? packed(weights, for: .backward)
      return winograd.inputGradient(dy: dy, panels: panels, into: dx, before: before, after: after)
    }
    precondition(panels == nil || winograd == nil, "panels are packed for Winograd's products")
    let panels = panels ?? packedDirectly(weights)
    let rows = parities.map { parity in
      var order = [Int32](repeating: 0, count: PD_MAX_TAPS)
      return pd_backward_rows(
        filter, Int32(dx.shape.images), Int32(dx.shape.height), Int32(dx.shape.width), parity.y, parity.x, &order)
    }
    let product = backwardProduct(dy.shape, sums: after?.sums ?? false)
    let before = engine.runAlone(before, on: dy, product)
    engine.threads.split(product) { part, own, inputs in
      for chunk in chunks(dy.shape, own) {
        if let before { engine.run(before, on: dy, chunk) }
        let prepared = readsAsStored ? UnsafeRawPointer(dy.memory) : prepare(dy, chunk, part)
        for (parity, rows) in zip(parities, rows) where !(parity.order.isEmpty && adding) {
          var rows = rows
          if !readsAsStored { rows.in_before = chunk.lowerBound }
          let own = Shape(dx.shape.images, Int(rows.height), Int(rows.width), 1)
          convolve(
            rows, prepared, panels + parity.offset, dx.memory, adding ? PD_ADD : PD_REPLACE,
            self.rows(of: own, for: chunk, of: dy.shape), inputs, after, part)
        }
      }
    }
  }

  func backwardProduct(_ dy: Shape, sums: Bool) -> Product {
    product(dy, byRows: isPointwise, sums: sums, rows: dy.rows, outputs: filter.inputs)
  }

  /// The gradient of the loss by the weights, replacing `dw`. The same bits for every number of threads.
  ///
  /// - Parameters:
  ///   - affine: as in ``forward(_:normalizing:weights:panels:into:after:)``.
  ///   - parts: by which to sum over the images; all of them are one part where nil.
  public func weightGradient(
    x: Tensor, normalizing affine: Affine? = nil, dy: Tensor, dw: UnsafeMutablePointer<Float>, parts: BatchParts? = nil
  ) {
    precondition(output(for: x.shape) == dy.shape, "weight gradient of \(x.shape) and \(dy.shape)")
    let parts = parts ?? BatchParts(all: x.shape.images)
    let count = Int(filter.height * filter.width * filter.inputs * filter.outputs)
    if let winograd {
      return winograd.weightGradient(x: x, normalizing: affine, dy: dy, dw: dw, parts, count)
    }
    engine.splitGradient(
      Int(filter.inputs), unit: gradientUnit, by: panels(filter.outputs), width: Int(table.pointee.panel), parts,
      count: count, into: dw,
      scratch
    ) { thread, _, parts, inputs, panels, to, waiting in
      parts.sum(into: to, count: count, waiting: waiting) { _, images, to, carry in
        withUnsafePointer(to: forwardRows(x.images(images).shape)) { rows in
          table.pointee.weight_gradient(
            rows, x.images(images).memory, affine?.scale, affine?.shift, dy.images(images).memory, to, carry,
            Int32(inputs.lowerBound), Int32(inputs.upperBound), Int32(panels.lowerBound), Int32(panels.upperBound),
            scratch.thread(thread))
        }
      }
    }
  }

  /// Inputs whose gradients are multiplied together: rows of a block of tiles; of vectors any number.
  var gradientUnit: Int { table.pointee.unit > 1 ? Int(table.pointee.height) : 1 }

  // An added gradient is never taken by Winograd's products.
  private func packedDirectly(_ weights: UnsafePointer<Float>) -> UnsafeRawPointer {
    packTransposed(weights, into: scratch.panels, team: .alone)
    return UnsafeRawPointer(scratch.panels)
  }
}
