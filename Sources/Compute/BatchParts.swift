import CKernels

/// A rank's images, by the parts into which the batch of all ranks is cut.
///
/// A sum over the images of a batch is taken by parts, and those are added in a binary tree. A rank has the parts of a
/// branch of that tree, so however many ranks there are, the same numbers are added in the same order.
public struct BatchParts: Sendable, Equatable {
  /// Consecutive images of this rank, counted from its first; a power of two of parts, some of which may be empty.
  public let images: [Range<Int>]

  /// One part.
  public init(all images: Int) { self.images = [0..<images] }

  /// This rank's among `parts` of a batch of so many images; one part of its own where ranks do not divide parts.
  ///
  /// - Parameter parts: a power of two.
  public init(batch: Int, parts: Int, rank: Int, worldSize: Int) {
    let cut = { (place: Int, count: Int) in batch * place / count }
    let first = cut(rank, worldSize)
    guard parts % worldSize == 0 else {
      images = [0..<cut(rank + 1, worldSize) - first]
      return
    }
    let each = parts / worldSize
    images = (rank * each..<(rank + 1) * each).map { cut($0, parts) - first..<cut($0 + 1, parts) - first }
  }

  /// How many sums wait in the tree at most.
  var depth: Int { images.count.trailingZeroBitCount }

  /// One of `count` equal branches of the tree, a power of two of them.
  func branch(_ number: Int, of count: Int) -> BatchParts {
    let each = images.count / count
    return BatchParts(Array(images[number * each..<(number + 1) * each]))
  }

  /// Branches of the tree as parts of their own, as large as `fits` allows, and the parts within them.
  func groups(where fits: (_ images: Range<Int>) -> Bool) -> (whole: BatchParts, size: Int) {
    var (whole, size) = (images, 1)
    while whole.count > 1 {
      let pairs = stride(from: 0, to: whole.count, by: 2).map { whole[$0].lowerBound..<whole[$0 + 1].upperBound }
      guard pairs.allSatisfy(fits) else { break }
      (whole, size) = (pairs, 2 * size)
    }
    return (BatchParts(whole), size)
  }

  private init(_ images: [Range<Int>]) { self.images = images }

  /// The sum over the parts of what `body` gives for each one's images.
  public func sum(_ body: (_ images: Range<Int>) -> Double) -> Double {
    var sums = images.map(body)
    while sums.count > 1 { sums = stride(from: 0, to: sums.count, by: 2).map { sums[$0] + sums[$0 + 1] } }
    return sums[0]
  }

  /// Sums an array over the parts: calls `body` for each, to write its sum into `to` and then add what `carry` names.
  ///
  /// - Parameters:
  ///   - result: where the sum over all parts arrives.
  ///   - waiting: memory for ``depth`` arrays of `count` floats.
  func sum(
    into result: UnsafeMutablePointer<Float>, count: Int, waiting: UnsafeMutablePointer<Float>,
    _ body: (
      _ part: Int, _ images: Range<Int>, _ to: UnsafeMutablePointer<Float>, _ carry: UnsafePointer<pd_carry>
    ) -> Void
  ) {
    precondition(images.count.nonzeroBitCount == 1 && depth <= PD_MAX_CARRIES, "\(images.count) parts")
    for (part, images) in images.enumerated() {
      // As many groups of parts are complete with this one as its number ends in ones in binary.
      let level = (~part).trailingZeroBitCount
      var carry = pd_carry()
      carry.count = Int32(level)
      withUnsafeMutableBytes(of: &carry.from) { from in
        for group in 0..<level {
          from.storeBytes(
            of: UnsafePointer(waiting + group * count), toByteOffset: group * 8, as: UnsafePointer<Float>.self)
        }
      }
      withUnsafePointer(to: carry) { body(part, images, level == depth ? result : waiting + level * count, $0) }
    }
  }
}

extension Threads {
  /// Adds up arrays of `count` floats, one after the other in memory, as the tree over so many branches does.
  func addBranches(
    _ branches: Int, of values: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>
  ) {
    split(count, unit: Self.rowUnit) { _, range in
      var (size, left) = (1, branches)
      while left > 1 {
        // The last sum of all goes where it belongs.
        for first in stride(from: 0, to: branches, by: 2 * size) {
          let (a, b) = (values + first * count, values + (first + size) * count)
          let to = left == 2 ? result : a
          for i in range { to[i] = b[i] + a[i] }
        }
        (size, left) = (2 * size, left / 2)
      }
    }
  }
}

extension pd_carry {
  /// Adds what waits to some elements of an array, from `place` on.
  func add(to values: UnsafeMutablePointer<Float>, at place: Int, count: Int) {
    withUnsafeBytes(of: from) { from in
      for waiting in from.bindMemory(to: UnsafePointer<Float>.self).prefix(Int(self.count)) {
        for i in 0..<count { values[i] += waiting[place + i] }
      }
    }
  }
}
