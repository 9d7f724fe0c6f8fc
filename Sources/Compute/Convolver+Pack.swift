import CKernels

/// Packed weights, in the order in which a kernel reads them.
extension Convolver {
  /// What packed weights are for.
  public enum Direction: Sendable {
    case forward
    /// The gradient by the input.
    case backward
  }

  /// Packs this rank's part of the weights; all ranks of the team together pack all of them.
  public func pack(
    _ weights: UnsafePointer<Float>, for direction: Direction, into panels: UnsafeMutableRawPointer,
    team: Threads.Team = .alone
  ) {
    if let winograd { return winograd.pack(weights, for: direction, into: panels, team: team) }
    switch direction {
    case .forward:
      let taps = filter.height * filter.width
      let order = Array(0..<taps)
      engine.threads.splitPanels(Int(filter.inputs), by: self.panels(filter.outputs), team) {
        table.pointee.pack(weights, order, taps, filter.inputs, filter.outputs, $0, panels)
      }
    case .backward: packTransposed(weights, into: panels, team: team)
    }
  }

  func packTransposed(_ weights: UnsafePointer<Float>, into panels: UnsafeMutableRawPointer, team: Threads.Team) {
    engine.threads.splitPanels(Int(filter.outputs), by: self.panels(filter.inputs), team) { block in
      for parity in parities {
        table.pointee.pack_transposed(
          weights, parity.order, Int32(parity.order.count), filter.inputs, filter.outputs, block,
          panels + parity.offset)
      }
    }
  }
}

extension Threads {
  /// Splits packed weights of `panels`, each of so many channels.
  func splitPanels(_ depth: Int, by panels: Int, _ team: Team, _ body: (pd_block) -> Void) {
    split(depth, unit: Int(PD_PACK_UNIT), by: panels, team: team) { _, channels, panels in
      body(
        pd_block(
          first_panel: Int32(panels.lowerBound), last_panel: Int32(panels.upperBound),
          first: Int32(channels.lowerBound), last: Int32(channels.upperBound)))
    }
  }
}
