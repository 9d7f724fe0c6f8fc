/// What a pickle of tensors can build. Containers are places in a ``PickleHeap``: a pickle may put one into itself, and
/// nest a million of them, which values that own each other would not survive.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer of more than 64 bits, as its little-endian bytes.
  case long([UInt8])
  case float(Double)
  case string(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(TorchGlobal)
  /// A storage, and which of its elements, in old files that store views of storages.
  case storage(TorchStorage, view: Range<Int>)
  indirect case tensor(StridedTensor)

  /// For messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .int, .long: "an int"
    case .float: "a float"
    case .string: "a str"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dict"
    case .global(let global): "\(global)"
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// The containers of one pickle.
struct PickleHeap {
  /// Tuples and lists.
  var sequences: [[PickleValue]] = []
  /// Each dictionary's entries in the order of insertion; a key that is set again comes again.
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []

  mutating func tuple(_ items: [PickleValue]) -> PickleValue {
    sequences.append(items)
    return .tuple(sequences.count - 1)
  }

  mutating func list() -> PickleValue {
    sequences.append([])
    return .list(sequences.count - 1)
  }

  mutating func dictionary(_ items: [(key: PickleValue, value: PickleValue)] = []) -> PickleValue {
    dictionaries.append(items)
    return .dictionary(dictionaries.count - 1)
  }

  /// The items of a tuple or a list; nil for anything else.
  func items(of value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let place), .list(let place): sequences[place]
    default: nil
    }
  }

  /// A tuple of integers: a shape, or strides.
  func integers(of value: PickleValue) -> [Int]? {
    guard let items = items(of: value), items.count <= StridedTensor.rankLimit else { return nil }
    let integers = items.compactMap { if case .int(let integer) = $0 { integer } else { nil } }
    return integers.count == items.count ? integers : nil
  }

  /// The entries of a dictionary with text for keys; nil if it is none or has others.
  func entries(of value: PickleValue) -> [(key: String, value: PickleValue)]? {
    guard case .dictionary(let place) = value else { return nil }
    let entries = dictionaries[place].compactMap { entry -> (key: String, value: PickleValue)? in
      guard case .string(let key) = entry.key else { return nil }
      return (key, entry.value)
    }
    return entries.count == dictionaries[place].count ? entries : nil
  }
}

/// The classes and functions a `state_dict` refers to, by module and name. All others are refused.
enum TorchGlobal: Equatable, CustomStringConvertible {
  case orderedDictionary
  case rebuildTensor
  case rebuildTensor2
  case rebuildParameter
  case storage(ElementType)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor2
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", _):
      guard let type = ElementType(torchStorage: name) else { return nil }
      self = .storage(type)
    default: return nil
    }
  }

  var description: String {
    switch self {
    case .orderedDictionary: "collections.OrderedDict"
    case .rebuildTensor: "torch._utils._rebuild_tensor"
    case .rebuildTensor2: "torch._utils._rebuild_tensor_v2"
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .storage: "a torch storage class"
    }
  }
}
