extension SafeTensors {
  /// Writes tensors that lie in arrays, under the same conditions as those that lie elsewhere.
  public static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], metadata: [String: String] = [:], to path: String
  ) throws(CheckpointError) {
    try unsafe withViews(of: tensors) { (views) throws(CheckpointError) in
      try unsafe write(views, metadata: metadata, to: path)
    }
  }

  /// Views of all arrays, valid while `body` runs.
  public static func withViews(
    of tensors: [(name: String, tensor: StoredTensor)], _ views: [TensorView] = unsafe [],
    _ body: ([TensorView]) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    guard unsafe views.count < tensors.count else { return try unsafe body(views) }
    let (name, tensor) = unsafe tensors[views.count]
    try unsafe tensor.values.withUnsafeBufferPointer { (values) throws(CheckpointError) in
      try unsafe withViews(of: tensors, views + [(name, tensor.shape, values)], body)
    }
  }
}
