/// The tensors of a pickled `state_dict`, still without their numbers.
struct StateDict {
  /// Floating-point tensors with the names of the dictionary; integers are left out.
  private let tensors: [(name: String, format: FloatFormat, tensor: StridedTensor)]

  /// The storages the tensors lie in, each once.
  var storages: [TorchStorage] {
    var seen: Set<String> = []
    return tensors.map(\.tensor.storage).filter { seen.insert($0.key).inserted }
  }

  /// Finds the dictionary: it is the root, or the root's `state_dict` (as PyTorch's examples save it) or `model` (as
  /// fastai does).
  init(root: PickleValue, heap: PickleHeap) throws(FormatError) {
    guard var entries = heap.entries(of: root) else { throw .unsupported("it holds \(root.kind), no state_dict") }
    for wrapper in ["state_dict", "model"] {
      guard let inner = entries.first(where: { $0.key == wrapper }).flatMap({ heap.entries(of: $0.value) }) else {
        continue
      }
      entries = inner
      break
    }
    var names: Set<String> = []
    var tensors: [(name: String, format: FloatFormat, tensor: StridedTensor)] = []
    for (name, value) in entries {
      guard case .tensor(let tensor) = value else {
        throw .unsupported(
          "it holds \(value.kind) under '\(name)', where a state_dict, or one under 'state_dict' or 'model', has tensors"
        )
      }
      guard names.insert(name).inserted else { throw .damaged("'\(name)' comes twice in its state_dict") }
      guard case .floating(let format) = tensor.storage.type else { continue }
      tensors.append((name, format, tensor))
    }
    self.tensors = tensors
  }

  /// The tensors with their numbers.
  ///
  /// - Parameters:
  ///   - contents: the bytes of each storage of ``storages``.
  ///   - limit: how many numbers there may be in all. Tensors share storages, so a small file can describe a large sum
  ///     of them; no honest one has more numbers than bytes.
  func values(
    in contents: [String: ArraySlice<UInt8>], limit: Int
  ) throws(FormatError) -> [String: StoredTensor] {
    var stored: [String: StoredTensor] = [:]
    var rest = limit
    for (name, format, tensor) in tensors {
      let storage = tensor.storage
      guard let bytes = contents[storage.key] else { throw .damaged("it lacks storage '\(storage.key)' of '\(name)'") }
      let (size, overflow) = storage.count.multipliedReportingOverflow(by: format.byteCount)
      guard !overflow, bytes.count == size else {
        throw .damaged("storage '\(storage.key)' of '\(name)' has \(bytes.count) bytes for \(storage.count) numbers")
      }
      guard tensor.count <= rest else { throw .damaged("its tensors have more numbers than it has bytes") }
      rest -= tensor.count
      stored[name] = StoredTensor(shape: tensor.shape, values: tensor.values(in: bytes, format))
    }
    return stored
  }
}
