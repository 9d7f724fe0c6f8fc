/// The numbers several tensors of a PyTorch file may share, by the key under which the file has them.
struct TorchStorage: Equatable {
  let key: String
  let type: ElementType
  /// How many elements the whole storage has.
  let count: Int
}

/// A tensor as PyTorch describes it: element `[i, j, …]` is number `offset + i·strides[0] + j·strides[1] + …` of its
/// storage. Every element lies within the storage, or there is no such value.
struct StridedTensor {
  let storage: TorchStorage
  let offset: Int
  let shape: [Int]
  let strides: [Int]
  /// The product of `shape`.
  let count: Int

  /// No network's weights have as many extents. Each costs work, which a few bytes of a file can ask for again and again.
  static let rankLimit = 16

  /// - Parameters:
  ///   - view: the elements of the storage that the tensor may see, which old files can restrict.
  ///   - offset: of the first element, from the beginning of the view.
  init(
    storage: TorchStorage, view: Range<Int>, offset: Int, shape: [Int], strides: [Int]
  ) throws(FormatError) {
    guard shape.count == strides.count, shape.count <= Self.rankLimit else {
      throw .damaged("a tensor of shape \(shape) has strides \(strides)")
    }
    guard (0...view.count).contains(offset), strides.allSatisfy({ $0 >= 0 }) else {
      throw .damaged("a tensor has offset \(offset) and strides \(strides) in \(view.count) elements")
    }
    count = try elementCount(of: shape)
    // With no stride negative, the element with the largest index in every extent is the last one.
    var last = view.lowerBound + offset
    var overflows = false
    for (extent, stride) in zip(shape, strides) where count > 0 {
      let (step, stepOverflows) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflows) = last.addingReportingOverflow(step)
      overflows = overflows || stepOverflows || sumOverflows
      last = sum
    }
    guard !overflows, count == 0 || last < view.upperBound else {
      throw .damaged("a tensor of shape \(shape) reaches behind the end of storage '\(storage.key)'")
    }
    (self.storage, self.offset, self.shape, self.strides) = (storage, view.lowerBound + offset, shape, strides)
  }

  /// The values in row-major order.
  ///
  /// - Parameter bytes: the whole storage, of `storage.count` numbers in `format`.
  func values(in bytes: ArraySlice<UInt8>, _ format: FloatFormat) -> [Float] {
    precondition(bytes.count == storage.count * format.byteCount, "\(bytes.count) bytes of storage \(storage)")
    guard count > 0 else { return [] }
    let (storage, start) = (bytes.span, offset * format.byteCount)
    if isContiguous { return format.decode(storage.extracting(start..<start + count * format.byteCount)) }
    return format.decode(gather(from: bytes.span, size: format.byteCount).span)
  }

  /// Strides of extents of one have no meaning, and PyTorch leaves any number there.
  private var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }

  /// Copies element after element, counting `index` up like an odometer.
  private func gather(from bytes: Span<UInt8>, size: Int) -> [UInt8] {
    var gathered: [UInt8] = []
    gathered.reserveCapacity(count * size)
    var index = [Int](repeating: 0, count: shape.count)
    var source = offset
    for _ in 0..<count {
      for byte in source * size..<(source + 1) * size { gathered.append(bytes[byte]) }
      for axis in shape.indices.reversed() {
        index[axis] += 1
        source += strides[axis]
        guard index[axis] == shape[axis] else { break }
        source -= shape[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return gathered
  }
}
