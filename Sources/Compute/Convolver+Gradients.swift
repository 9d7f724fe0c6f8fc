import CKernels

/// The gradients of a convolution.
extension Convolver {
  /// The gradient of the loss by x, replacing `dx` or added to it.
  ///
  /// - Parameters:
  ///   - before: a pass that computes dy.
  ///   - after: what is done to dx.
  public func inputGradient(
    dy: Tensor, weights: UnsafePointer<Float>, into dx: Tensor, adding: Bool = false, before: RowPass? = nil,
    after: RowPass? = nil
  ) {
    precondition(output(for: dx.shape) == dy.shape, "input gradient of \(dy.shape) into \(dx.shape)")
    if let winograd, !adding {
      return winograd.inputGradient(dy: dy, weights: weights, into: dx, before: before, after: after)
    }
    packTransposed(weights)
    let rows = parities.map { parity in
      var order = [Int32](repeating: 0, count: PD_MAX_TAPS)
      return pd_backward_rows(
        filter, Int32(dx.shape.images), Int32(dx.shape.height), Int32(dx.shape.width), parity.y, parity.x, &order)
    }
    chunks(dy.shape, for: after) { _, dyRows, _ in
      if let before { engine.run(before, on: dy, dyRows) }
      for (parity, rows) in zip(parities, rows) where !(parity.order.isEmpty && adding) {
        let own = Shape(dx.shape.images, Int(rows.height), Int(rows.width), 1)
        convolve(
          rows, dy.memory, scratch.panels + parity.offset, dx.memory, adding ? PD_ADD : PD_REPLACE,
          self.rows(of: own, for: dyRows, of: dy.shape), after?.c())
      }
    }
  }

  /// The gradient of the loss by the weights, replacing `dw`. The same bits for every number of threads.
  ///
  /// - Parameters:
  ///   - affine: as in ``forward(_:normalizing:weights:into:after:)``.
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
    engine.threads.split(Int(filter.inputs), by: panels(filter.outputs)) { part, inputs, panels in
      parts.sum(into: dw, count: count, waiting: scratch.waiting(parts)) { images, to, carry in
        withUnsafePointer(to: forwardRows(x.shape, images: images.count)) { rows in
          table.pointee.weight_gradient(
            rows, x.images(images).memory, affine?.scale, affine?.shift, dy.images(images).memory, to, carry,
            Int32(inputs.lowerBound), Int32(inputs.upperBound), Int32(panels.lowerBound), Int32(panels.upperBound),
            scratch.thread(part))
        }
      }
    }
  }

  private func packTransposed(_ weights: UnsafePointer<Float>) {
    engine.threads.split(panels(filter.inputs)) { _, range in
      for parity in parities {
        table.pointee.pack_transposed(
          weights, parity.order, Int32(parity.order.count), filter.inputs, filter.outputs, Int32(range.lowerBound),
          Int32(range.upperBound), scratch.panels + parity.offset)
      }
    }
  }
}
