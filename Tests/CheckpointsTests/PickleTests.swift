import Testing

@testable import Checkpoints

/// Pickles made to run code, to exhaust memory or time, or to confuse. Each meets an error that says why.
@Suite struct PickleTests {
  @Test(
    "nothing but a state_dict's own globals is accepted, and nothing is called",
    arguments: [
      ("cos\nsystem\n(U\u{4}truetR.", "asks for os.system"),
      ("cposix\nsystem\n.", "asks for posix.system"),
      ("cbuiltins\neval\n(U\u{1}1tR.", "asks for builtins.eval"),
      ("c__builtin__\ngetattr\n.", "asks for __builtin__.getattr"),
      ("ctorch\nload\n.", "asks for torch.load"),
      ("ctorch._utils\n_rebuild_wrapper_subclass\n.", "asks for torch._utils._rebuild_wrapper_subclass"),
      ("ctorch.jit._pickle\nrestore_type_tag\n.", "asks for torch.jit._pickle.restore_type_tag"),
      ("\u{8c}\u{2}os\u{8c}\u{6}system\u{93}.", "asks for os.system"),
      ("K\u{1}K\u{2}\u{93}.", "names a class by an int and an int"),
      ("(U\u{4}trueios\nsystem\n.", "opcode 0x69 'i'"),
      ("(cos\nsystem\no.", "asks for os.system"),
      (")\u{81}.", "opcode 0x81 at byte"),
      ("\u{82}\u{1}.", "opcode 0x82"),
      ("P1\n.", "opcode 0x50 'P'"),
      ("I1\n.", "opcode 0x49 'I'"),
      ("V1\n.", "opcode 0x56 'V'"),
      ("B\u{1}\u{0}\u{0}\u{0}x.", "opcode 0x42 'B'"),
      ("\u{8d}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{7f}.", "opcode 0x8d"),
      ("ctorch\nFloatStorage\n)R.", "calls a torch storage class with 0 arguments"),
      ("ctorch._utils\n_rebuild_tensor_v2\n)R.", "calls torch._utils._rebuild_tensor_v2 with 0 arguments"),
      ("ctorch._utils\n_rebuild_parameter\n(NNNtR.", "a parameter in its pickle is None"),
      ("ccollections\nOrderedDict\nK\u{1}R.", "calls collections.OrderedDict with an int"),
      ("ccollections\nOrderedDict\n(K\u{1}tR.", "makes an OrderedDict of an int"),
      ("ccollections\nOrderedDict\n(]K\u{1}atR.", "items that are not pairs"),
      ("K\u{1})R.", "calls an int with a tuple"),
      ("K\u{1}}b.", "sets attributes of an int"),
      ("U\u{1}xQ.", "refers to something outside that is not a storage"),
    ])
  func refused(pickle: String, reason: String) throws { try expect(pickle, reason) }

  @Test(
    "broken pickles are errors",
    arguments: [
      ("", "it ends at byte"), ("}", "it ends at byte"), (".", "takes from an empty stack"),
      ("a.", "takes from an empty stack"), ("t.", "lacks a mark"), ("(\u{85}.", "takes from an empty stack"),
      ("K\u{1}(a.", "takes from an empty stack"), ("K\u{1}K\u{1}a.", "appends to an int"),
      ("]K\u{1}K\u{2}s.", "sets 2 keys and values of a list"), ("}(K\u{1}u.", "sets 1 keys and values of a dict"),
      ("h\u{5}.", "recalls 5, which it never stored"), ("q\u{0}.", "takes from an empty stack"),
      ("X\u{ff}\u{ff}\u{ff}\u{7f}.", "where 2147483647 bytes"), ("X\u{ff}\u{ff}\u{ff}\u{ff}.", "4294967295 bytes"),
      ("U\u{1}\u{ff}.", "is not UTF-8"), ("\u{8a}\u{ff}.", "where 255 bytes"), ("cos", "has no end"),
      ("c" + String(repeating: "x", count: 300), "has no end"), ("\u{80}\u{9}N.", "protocol 9"),
    ])
  func broken(pickle: String, reason: String) throws { try expect(pickle, reason) }

  @Test("a list, a dictionary and an OrderedDict inside themselves are no state_dict, and no endless loop")
  func recursion() throws {
    try expect("]q\u{0}h\u{0}a.", "it holds a list")
    try expect("}q\u{0}U\u{1}xh\u{0}s.", "it holds a dict under 'x'")
    try expect("}q\u{0}U\u{5}modelh\u{0}s.", "it holds a dict under 'model'")
    try expect("ccollections\nOrderedDict\n)Rq\u{0}U\u{a}state_dicth\u{0}s.", "it holds a dict under 'state_dict'")
  }

  @Test("a million nested tuples or lists neither overflow the stack nor last")
  func nesting() throws {
    try expect(")" + String(repeating: "\u{85}", count: 1_000_000) + ".", "it holds a tuple")
    try expect(
      String(repeating: "](", count: 500_000) + String(repeating: "e", count: 500_000) + ".", "it holds a list")
  }

  @Test("a pickle that doubles its data at each step stays as small as its bytes")
  func doubling() throws {
    var laughs = "]q\u{0}"
    for _ in 0..<100 { laughs += "(h\u{0}h\u{0}tq\u{0}" }
    try expect(laughs + ".", "it holds a tuple")
  }

  @Test("more opcodes than a state_dict needs, by length or by copying a list again and again, are refused")
  func endless() throws {
    try expect(String(repeating: "N", count: Unpickler.opcodeLimit) + ".", "longer than 2000000 opcodes")
    let pairs = "](" + String(repeating: "h\u{0}", count: 1000) + "e\u{85}q\u{1}"
    let copy = "h\u{2}h\u{1}R"
    let start = "NN\u{86}q\u{0}ccollections\nOrderedDict\nq\u{2}"
    try expect(start + pairs + String(repeating: copy, count: 3000) + ".", "longer than 2000000 opcodes")
  }

  @Test(
    "storages described wrongly",
    arguments: [
      (-1, 0, 0), (4, -1, 2), (4, 5, 0), (4, 0, 5), (4, 3, 2), (4, Int(Int32.max), Int(Int32.max)), (4, 0, -1),
    ])
  func storages(count: Int, start: Int, length: Int) throws {
    let pickle = Pickle().storage("0", count: count, view: (start, length)).raw(".")
    let text = try #require(complaint(Pickle.legacy(object: pickle, keys: []), anyWeights))
    #expect(text.contains("lies outside it") || text.contains("not a storage"), "\(text)")
  }

  @Test("two descriptions of one storage, a storage that is missing or unknown, a count that is wrong")
  func contradictions() throws {
    let twice = Pickle().storage("0", count: 4).storage("0", count: 5).raw(".")
    #expect(complaint(Pickle.legacy(object: twice, keys: []), anyWeights)?.contains("described in two ways") == true)
    let object = Pickle.stateDict("x", count: 2)
    let numbers = Pickle.storage([1, 2])
    let good = Pickle.legacy(object: object, keys: ["0"])
    #expect(complaint(good + numbers, anyWeights) == nil)
    #expect(
      complaint(Pickle.legacy(object: object, keys: []), anyWeights)?.contains("lacks storage '0' of 'x'") == true)
    #expect(complaint(Pickle.legacy(object: object, keys: ["1"]), anyWeights)?.contains("that no tensor uses") == true)
    #expect(complaint(good + Pickle.storage([1]), anyWeights)?.contains("has 1 numbers instead of 2") == true)
    let huge = withUnsafeBytes(of: Int64.max.littleEndian, Array.init)
    #expect(complaint(good + huge + numbers, anyWeights)?.contains("damaged") == true)
  }

  /// Expects an error with `reason` for a legacy file whose object is this pickle.
  private func expect(_ pickle: String, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = Pickle.legacy(object: Pickle().raw(pickle), keys: [])
    let keys = Pickle().raw("](e.").bytes.count
    // A pickle that never ends must not run on into the list of keys behind it.
    let bytes = pickle.hasSuffix(".") ? file : Array(file.dropLast(keys))
    let text = try #require(complaint(bytes, anyWeights), sourceLocation: sourceLocation)
    #expect(text.contains(reason), "\(text)", sourceLocation: sourceLocation)
  }
}
