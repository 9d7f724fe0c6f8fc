public import Compute

extension PieceSums {
  /// The sums of a pass over a tensor of this shape, over all its rows as one part.
  public func total(_ shape: Shape) -> [Double] {
    let arena = Arena()
    let sums = arena.allocate(2 * shape.channels, of: Double.self)
    total(shape, BatchParts(all: shape.images), into: sums, on: Threads(2))
    return (0..<2 * shape.channels).map { sums[$0] }
  }
}
