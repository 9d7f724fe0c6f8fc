import Files

/// A tensor as files hold it: PyTorch's shape, outermost extent first, and its values in that order, as fp32 whatever
/// the file's precision was.
public struct StoredTensor: Equatable, Sendable {
  /// The extents; empty for a scalar.
  public var shape: [Int]
  /// As many values as the product of the extents.
  public var values: [Float]

  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }
}

/// What a file of weights held: tensors by name, and free text by key.
///
/// Integer tensors are left out: the only ones in a `state_dict` are batch norm's `num_batches_tracked`, which counts
/// steps and enters no formula.
public struct TensorFile: Sendable {
  /// Where it was read, for messages.
  public let path: String
  public let tensors: [String: StoredTensor]
  /// The `__metadata__` of safetensors, without the checksum; empty for PyTorch's formats.
  public let metadata: [String: String]

  public init(path: String, tensors: [String: StoredTensor], metadata: [String: String] = [:]) {
    self.path = path
    self.tensors = tensors
    self.metadata = metadata
  }
}

extension TensorFile {
  /// Larger files are refused: with its optimizer's state and averages the largest ResNet takes a quarter of that.
  static let sizeLimit = 4 << 30

  /// What `parse` makes of a file's bytes.
  static func contents<R>(
    of path: String, _ parse: ([UInt8]) throws(FormatError) -> R
  ) throws(CheckpointError) -> R {
    let bytes: [UInt8]
    do { bytes = try InputFile.read(path, limit: sizeLimit) } catch { throw .file(error) }
    do throws(FormatError) {
      guard !bytes.isEmpty else { throw .damaged("it is empty") }
      return try parse(bytes)
    } catch {
      throw error.at(path)
    }
  }
}

/// A tensor to be written, in memory that belongs to the caller and must not change during the call.
public typealias TensorView = (name: String, shape: [Int], values: UnsafeBufferPointer<Float>)

/// The product of extents from a file, which may be negative or overflow.
func elementCount(of shape: [Int]) throws(FormatError) -> Int {
  var count = 1
  var isEmpty = false
  for extent in shape {
    guard extent >= 0 else { throw .damaged("the shape \(shape) has a negative extent") }
    if extent == 0 { isEmpty = true }
    let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
    guard !overflow else { throw .damaged("the shape \(shape) has more elements than can be counted") }
    count = product
  }
  return isEmpty ? 0 : count
}
