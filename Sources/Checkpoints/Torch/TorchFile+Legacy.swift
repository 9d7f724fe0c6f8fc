/// The format of PyTorch 0.1.10 to 1.5, in which `resnet50-19c8e357.pth` is: five pickles in a row (magic number,
/// protocol version, facts about the machine, the object, the keys of its storages) and then, in the order of the keys,
/// each storage as a count in eight bytes and its numbers. See `_legacy_save` in `torch/serialization.py`.
extension TorchFile {
  private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
  private static let protocolVersion = 1001

  static func parseLegacy(_ bytes: [UInt8]) throws(FormatError) -> [String: StoredTensor] {
    var reader = try ByteReader(bytes[...])
    guard case .long(magic) = try Unpickler.load(&reader).root else {
      throw .unsupported("a pickle, not one of torch.save: the magic number is missing")
    }
    guard case .int(protocolVersion) = try Unpickler.load(&reader).root else {
      throw .unsupported("of another version of torch.save's legacy format than \(protocolVersion)")
    }
    try checkByteOrder(&reader)
    let (root, heap, storages) = try Unpickler.load(&reader)
    let state = try StateDict(root: root, heap: heap)
    let keys = try Unpickler.load(&reader)
    var contents: [String: ArraySlice<UInt8>] = [:]
    for key in keys.heap.items(of: keys.root) ?? [] {
      guard case .string(let key) = key, let storage = storages[key] else {
        throw .damaged("its list of storages has one that no tensor uses")
      }
      let count = try reader.count(Int64.self)
      let (size, overflow) = count.multipliedReportingOverflow(by: storage.type.byteCount)
      guard !overflow, count == storage.count else {
        throw .damaged("storage '\(key)' has \(count) numbers instead of \(storage.count)")
      }
      contents[key] = try reader.read(size)
    }
    return try state.values(in: contents, limit: bytes.count)
  }

  private static func checkByteOrder(_ reader: inout ByteReader) throws(FormatError) {
    let facts = try Unpickler.load(&reader)
    let order = facts.heap.entries(of: facts.root)?.first { $0.key == "little_endian" }?.value
    guard case .bool(let isLittleEndian) = order else { throw .damaged("it does not say its byte order") }
    guard isLittleEndian else { throw .unsupported("written on a big-endian machine") }
  }
}
