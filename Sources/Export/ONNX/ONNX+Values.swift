import Checkpoints
import Foundation
import SwiftProtobuf

extension TensorProto {
  init(_ name: String, _ tensor: StoredTensor) {
    self.init()
    self.name = name
    dims = tensor.shape.map(Int64.init)
    dataType = Int32(DataType.float.rawValue)
    rawData = unsafe tensor.values.withUnsafeBytes { unsafe Data($0) }  // little-endian, as the machine is
  }
}

extension AttributeProto {
  init(_ name: String, _ value: Int) {
    self.init()
    (self.name, type, i) = (name, .int, Int64(value))
  }

  init(_ name: String, _ values: [Int]) {
    self.init()
    (self.name, type, ints) = (name, .ints, values.map(Int64.init))
  }

  init(_ name: String, _ value: Float) {
    self.init()
    (self.name, type, f) = (name, .float, value)
  }
}

extension ValueInfoProto {
  /// A float32 tensor; extents known only at run time have a name.
  init(_ name: String, _ shape: [TensorShapeProto.Dimension.OneOf_Value], doc: String) {
    self.init()
    self.name = name
    docString = doc
    type.tensorType.elemType = Int32(TensorProto.DataType.float.rawValue)
    type.tensorType.shape.dim = shape.map { extent in .with { $0.value = extent } }
  }
}
