/// Interprets the part of Python's pickle language that a `state_dict` needs and refuses everything else by name.
///
/// A pickle is a program for a stack machine, and in Python it can call anything. Here it can build numbers, text,
/// containers and descriptions of tensors; a "call" of one of ``TorchGlobal``'s functions only fills in such a
/// description. Work and memory are bounded by the bytes of the file and by ``opcodeLimit``.
struct Unpickler {
  /// The state of a ResNet-50 takes 10,000 opcodes, with its optimizer's three times as many.
  static let opcodeLimit = 2_000_000

  private var reader: ByteReader
  private var stack: [PickleValue] = []
  /// The heights of the stack at each mark.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  /// How many more opcodes may come.
  var budget = Self.opcodeLimit
  var heap = PickleHeap()
  var storages: [String: TorchStorage] = [:]

  /// The value of the pickle that begins where `reader` stands, its containers, and the storages it names.
  static func load(
    _ reader: inout ByteReader
  ) throws(FormatError) -> (root: PickleValue, heap: PickleHeap, storages: [String: TorchStorage]) {
    var machine = Unpickler(reader: reader)
    let root = try machine.run()
    reader = machine.reader
    return (root, machine.heap, machine.storages)
  }

  private init(reader: ByteReader) { self.reader = reader }

  private mutating func run() throws(FormatError) -> PickleValue {
    while budget > 0 {
      budget -= 1
      let position = reader.position
      let code = try reader.integer(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: code) else {
        let letter = (0x21...0x7e).contains(code) ? " '\(Unicode.Scalar(code))'" : ""
        throw .unsupported(
          "its pickle has opcode 0x\(String(code, radix: 16))\(letter) at byte \(position), which no state_dict needs")
      }
      if opcode == .stop { return try pop() }
      try execute(opcode)
    }
    throw .unsupported("its pickle is longer than \(Self.opcodeLimit) opcodes")
  }

  private mutating func execute(_ opcode: PickleOpcode) throws(FormatError) {
    switch opcode {
    case .proto:
      let version = try reader.integer(UInt8.self)
      guard (2...5).contains(version) else { throw .unsupported("its pickle has protocol \(version), not 2 to 5") }
    case .frame: _ = try reader.read(8)  // Frames only group bytes.
    case .stop: fatalError("the loop ends at STOP")
    case .mark: marks.append(stack.count)

    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .binInt: push(.int(Int(try reader.integer(Int32.self))))
    case .binInt1: push(.int(Int(try reader.integer(UInt8.self))))
    case .binInt2: push(.int(Int(try reader.integer(UInt16.self))))
    case .long1: push(integer(Array(try reader.read(reader.count(UInt8.self)))))
    case .binFloat: push(.float(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))  // big-endian
    case .binString, .binUnicode: push(.string(try reader.string(reader.count(UInt32.self))))
    case .shortBinString, .shortBinUnicode: push(.string(try reader.string(reader.count(UInt8.self))))

    case .emptyTuple: push(heap.tuple([]))
    case .tuple: push(heap.tuple(try popToMark()))
    case .tuple1: push(heap.tuple(try pop(1)))
    case .tuple2: push(heap.tuple(try pop(2)))
    case .tuple3: push(heap.tuple(try pop(3)))
    case .emptyList: push(heap.list())
    case .append: try append(pop(1))
    case .appends: try append(popToMark())
    case .emptyDict: push(heap.dictionary())
    case .setItem: try set(pop(2))
    case .setItems: try set(popToMark())

    case .binPut: memo[try reader.count(UInt8.self)] = try top()
    case .longBinPut: memo[try reader.count(UInt32.self)] = try top()
    case .memoize: memo[memo.count] = try top()
    case .binGet: try recall(reader.count(UInt8.self))
    case .longBinGet: try recall(reader.count(UInt32.self))

    case .global: push(try global(module: line(), name: line()))
    case .stackGlobal: push(try stackGlobal())
    case .reduce:
      let call = try pop(2)
      push(try reduce(call[0], call[1]))
    case .build: try build()
    case .binPersID: push(try persistent(pop()))
    }
  }
}

/// The stack and the memo.
extension Unpickler {
  private mutating func push(_ value: PickleValue) { stack.append(value) }

  private func top() throws(FormatError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let top = stack.last else {
      throw .damaged("its pickle takes from an empty stack before byte \(reader.position)")
    }
    return top
  }

  private mutating func pop() throws(FormatError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  /// The topmost `count` values, the lowest first.
  private mutating func pop(_ count: Int) throws(FormatError) -> [PickleValue] {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    return values.reversed()
  }

  private mutating func popToMark() throws(FormatError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw .damaged("its pickle lacks a mark before byte \(reader.position)") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func recall(_ place: Int) throws(FormatError) {
    guard let value = memo[place] else { throw .damaged("its pickle recalls \(place), which it never stored") }
    push(value)
  }
}

/// Containers and numbers.
extension Unpickler {
  private mutating func append(_ items: [PickleValue]) throws(FormatError) {
    guard case .list(let place) = try top() else { throw .damaged("its pickle appends to \(try top().kind)") }
    heap.sequences[place] += items
  }

  private mutating func set(_ items: [PickleValue]) throws(FormatError) {
    guard case .dictionary(let place) = try top(), items.count.isMultiple(of: 2) else {
      throw .damaged("its pickle sets \(items.count) keys and values of \(try top().kind)")
    }
    for i in stride(from: 0, to: items.count, by: 2) {
      heap.dictionaries[place].append((items[i], items[i + 1]))
    }
  }

  /// Attributes of an object: an OrderedDict's `_metadata` are module versions, which tensors do not need.
  private mutating func build() throws(FormatError) {
    _ = try pop()
    guard case .dictionary = try top() else { throw .unsupported("its pickle sets attributes of \(try top().kind)") }
  }

  /// The integer of these bytes: two's complement, little-endian, leading bytes left out.
  private func integer(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .long(bytes) }
    let sign: UInt8 = (bytes.last ?? 0) < 0x80 ? 0 : 0xff
    let padded = bytes + [UInt8](repeating: sign, count: 8 - bytes.count)
    return .int(padded.reversed().reduce(0) { $0 << 8 | Int($1) })
  }

  /// Text up to a newline.
  private mutating func line() throws(FormatError) -> String {
    let rest = reader.rest
    guard let end = rest.prefix(Self.lineLimit).firstIndex(of: UInt8(ascii: "\n")) else {
      throw .damaged("a name in its pickle has no end")
    }
    let line = try reader.string(end - rest.startIndex)
    _ = try reader.read(1)
    return line
  }

  /// No module or class is named at such length.
  private static let lineLimit = 200

  private mutating func stackGlobal() throws(FormatError) -> PickleValue {
    let names = try pop(2)
    guard case .string(let module) = names[0], case .string(let name) = names[1] else {
      throw .damaged("its pickle names a class by \(names[0].kind) and \(names[1].kind)")
    }
    return try global(module: module, name: name)
  }
}
