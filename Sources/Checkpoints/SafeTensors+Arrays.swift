extension SafeTensors {
  /// Writes tensors that lie in arrays, under the same conditions as those that lie elsewhere.
  public static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String] = [:], to path: String
  ) throws(CheckpointError) {
    try withViews(of: tensors) { (views) throws(CheckpointError) in try write(views, metadata: metadata, to: path) }
  }

  /// Views of all arrays, valid while `body` runs.
  public static func withViews(
    of tensors: [(name: String, tensor: StoredTensor)], _ views: [TensorView] = [],
    _ body: ([TensorView]) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    guard views.count < tensors.count else { return try body(views) }
    let (name, tensor) = tensors[views.count]
    try tensor.values.withUnsafeBufferPointer { (values) throws(CheckpointError) in
      try withViews(of: tensors, views + [(name, tensor.shape, values)], body)
    }
  }
}
