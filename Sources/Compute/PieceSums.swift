import CKernels

/// Memory for the sums of a pass over rows, by channel, kept apart by pieces of the images (see `pd_pass`), so that they
/// can be added up in an order that neither threads nor ranks change. Several normalizations may use it in turn.
///
/// `Sendable`, although its memory is not: threads add to pieces of their own.
public final class PieceSums: @unchecked Sendable {
  private(set) var values: UnsafeMutablePointer<Double>
  private var capacity = 0
  private let arena = Arena()

  /// - Parameter shape: of the largest tensor that is summed over.
  public init(for shape: Shape = Shape(0, 1, 1, 1)) {
    values = arena.allocate(0, of: Double.self)
    reserve(for: shape)
  }

  /// Makes room for tensors of this shape, while the network is built.
  public func reserve(for shape: Shape) {
    let count = shape.images * shape.pieces * 2 * shape.channels
    guard count > capacity else { return }
    capacity = count
    values = arena.allocate(count, of: Double.self)
  }

  /// Adds up what a pass over a tensor of this shape summed, and clears it for the next one: the pieces of a part of the
  /// batch in their order, the parts in a binary tree.
  ///
  /// - Parameter total: receives `2 · channels` doubles.
  public func total(_ shape: Shape, _ parts: BatchParts, into total: UnsafeMutablePointer<Double>, on threads: Threads)
  {
    let ends = parts.images.map { $0.upperBound * shape.pieces }
    precondition(ends.last ?? 0 <= shape.images * shape.pieces, "\(parts) of \(shape)")
    let width = 2 * shape.channels
    threads.split(width, unit: 64) { _, columns in
      pd_sum_pieces(
        values + columns.lowerBound, ends, Int32(ends.count), width, columns.count, total + columns.lowerBound)
    }
  }
}

extension Shape {
  /// Pieces of an image.
  var pieces: Int { pd_pieces(height * width) }
}

extension Engine {
  /// Splits the rows of a tensor over threads; where `pass` sums, between pieces, so that no two threads add to one.
  func splitRows(_ shape: Shape, for pass: RowPass?, _ body: (_ part: Int, _ rows: Range<Int>) -> Void) {
    let units = RowUnits(shape, sums: pass?.sums ?? false)
    threads.split(units.count) { part, range in body(part, units.rows(range)) }
  }
}
