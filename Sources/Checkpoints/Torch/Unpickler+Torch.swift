/// What pickles of tensors refer to: globals, calls, and persistent ids, as `torch/serialization.py` and
/// `torch/_utils.py` define them.
extension Unpickler {
  func global(module: String, name: String) throws(FormatError) -> PickleValue {
    guard let global = TorchGlobal(module: module, name: name) else {
      throw .unsupported("its pickle asks for \(module).\(name), which no state_dict needs and which is not run")
    }
    return .global(global)
  }

  /// The result of calling `callable` with a tuple of arguments.
  mutating func reduce(_ callable: PickleValue, _ arguments: PickleValue) throws(FormatError) -> PickleValue {
    guard case .global(let global) = callable, case .tuple = arguments, let arguments = heap.items(of: arguments) else {
      throw .unsupported("its pickle calls \(callable.kind) with \(arguments.kind)")
    }
    switch global {
    case .orderedDictionary: return try orderedDictionary(arguments)
    case .rebuildTensor where arguments.count == 4: return try tensor(arguments)
    // The other arguments (requires_grad, backward_hooks and, lately, metadata) are no values.
    case .rebuildTensor2 where (6...7).contains(arguments.count): return try tensor(arguments)
    case .rebuildParameter where arguments.count == 3:
      guard case .tensor = arguments[0] else { throw .damaged("a parameter in its pickle is \(arguments[0].kind)") }
      return arguments[0]
    default: throw .unsupported("its pickle calls \(global) with \(arguments.count) arguments")
    }
  }

  /// `OrderedDict()`, or `OrderedDict([[key, value], …])` as Python 2 wrote it.
  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    guard let first = arguments.first else { return heap.dictionary() }
    guard arguments.count == 1, let pairs = heap.items(of: first) else {
      throw .damaged("its pickle makes an OrderedDict of \(first.kind)")
    }
    budget -= pairs.count  // This instruction alone does more work than it has bytes.
    var entries: [(key: PickleValue, value: PickleValue)] = []
    for pair in pairs {
      guard let items = heap.items(of: pair), items.count == 2 else {
        throw .damaged("its pickle makes an OrderedDict of items that are not pairs")
      }
      entries.append((items[0], items[1]))
    }
    return heap.dictionary(entries)
  }

  /// `_rebuild_tensor(storage, storage_offset, size, stride)`; more arguments are not looked at.
  private func tensor(_ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    guard
      case .storage(let storage, let view) = arguments[0], case .int(let offset) = arguments[1],
      let shape = heap.integers(of: arguments[2]), let strides = heap.integers(of: arguments[3])
    else { throw .damaged("a tensor in its pickle is not described by storage, offset, shape and strides") }
    return .tensor(try StridedTensor(storage: storage, view: view, offset: offset, shape: shape, strides: strides))
  }

  /// The persistent id `('storage', class, key, location, count)`, in the legacy format followed by None or by
  /// `(view key, offset, count)`.
  mutating func persistent(_ id: PickleValue) throws(FormatError) -> PickleValue {
    guard
      let fields = heap.items(of: id), (5...6).contains(fields.count), case .string("storage") = fields[0],
      case .global(.storage(let type)) = fields[1], case .string(let key) = fields[2], case .int(let count) = fields[4],
      count >= 0
    else { throw .unsupported("its pickle refers to something outside that is not a storage") }
    let storage = TorchStorage(key: key, type: type, count: count)
    guard storages[key] ?? storage == storage else { throw .damaged("storage '\(key)' is described in two ways") }
    storages[key] = storage
    guard fields.count == 6, let view = heap.items(of: fields[5]) else { return .storage(storage, view: 0..<count) }
    guard
      view.count == 3, case .int(let start) = view[1], case .int(let length) = view[2], start >= 0, length >= 0,
      start <= count, length <= count - start
    else { throw .damaged("a view of storage '\(key)' lies outside it") }
    return .storage(storage, view: start..<start + length)
  }
}
