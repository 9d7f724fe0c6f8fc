import Files
import Testing

@testable import Checkpoints

/// A zip file as PyTorch writes it, with the parts that a test wants to spoil.
private struct Zip {
  struct Entry {
    var name: String
    var contents: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0x808
    var checksumMask: UInt32 = 0
    var size: UInt32?
    var position: UInt32?
    var extra: [UInt8] = []
  }

  var entries: [Entry]
  var count: UInt16?
  var directory: UInt32?
  var comment: [UInt8] = []

  /// Of `{"x": tensor([1., 2.])}`.
  init() {
    let numbers = [Float(1), 2].withUnsafeBytes(Array.init)
    entries = [
      Entry(name: "any/data.pkl", contents: Pickle.stateDict("x", count: 2).bytes),
      Entry(name: "any/data/0", contents: numbers), Entry(name: "any/byteorder", contents: Array("little".utf8)),
    ]
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var list: [UInt8] = []
    for entry in entries {
      let position = entry.position ?? UInt32(file.count)
      let checksum = CRC32.of(entry.contents.span) ^ entry.checksumMask
      let size = entry.size ?? UInt32(entry.contents.count)
      let name = Array(entry.name.utf8)
      file += little(ZipArchive.signature) + little(UInt16(0)) + little(entry.flags) + little(entry.method)
      file += [UInt8](repeating: 0, count: 16) + little(UInt16(name.count)) + little(UInt16(3)) + name + [1, 2, 3]
      file += entry.contents
      list += little(UInt32(0x0201_4b50)) + little(UInt32(0)) + little(entry.flags) + little(entry.method)
      list += little(UInt32(0)) + little(checksum) + little(size) + little(size) + little(UInt16(name.count))
      list +=
        little(UInt16(entry.extra.count)) + [UInt8](repeating: 0, count: 10) + little(position) + name + entry.extra
    }
    let start = directory ?? UInt32(file.count)
    let count = count ?? UInt16(entries.count)
    return file + list + little(UInt32(0x0605_4b50)) + little(UInt32(0)) + little(count) + little(count)
      + little(UInt32(list.count)) + little(start) + little(UInt16(truncatingIfNeeded: comment.count)) + comment
  }
}

private func little<I: FixedWidthInteger>(_ value: I) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

@Suite struct ZipTests {
  @Test("the sound one is read, also with a comment at its end")
  func sound() throws {
    var zip = Zip()
    zip.comment = Array("about".utf8)
    #expect(try parse(zip.bytes, anyWeights) == ["x": StoredTensor(shape: [2], values: [1, 2])])
  }

  @Test("sizes and positions in 64 bits, as in files over 4 GB")
  func zip64() throws {
    var zip = Zip()
    zip.entries[0].size = .max
    zip.entries[0].position = .max
    let size = UInt64(zip.entries[0].contents.count)
    zip.entries[0].extra = little(UInt16(7)) + little(UInt16(0)) + little(UInt16(1)) + little(UInt16(24))
    zip.entries[0].extra += little(size) + little(size) + little(UInt64(0))
    #expect(try parse(zip.bytes, anyWeights).count == 1)
    for count in 0..<zip.entries[0].extra.count {
      var cut = zip
      cut.entries[0].extra = Array(zip.entries[0].extra[..<count])
      #expect(complaint(cut.bytes, anyWeights) != nil, "\(count) bytes of the field")
    }
  }

  @Test("the directory in 64 bits")
  func directory64() throws {
    var zip = Zip()
    let plain = zip.bytes
    let start = plain[(plain.count - 6)..<(plain.count - 2)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    zip.count = .max
    zip.directory = .max
    let end = 22
    let body = Array(zip.bytes.dropLast(end))
    func file(count: UInt64, start: UInt64, record: UInt64) -> [UInt8] {
      let sizes = little(UInt64(44)) + little(UInt32(0)) + little(UInt64(0)) + little(count) + little(count)
      let record64 = little(UInt32(0x0606_4b50)) + sizes + little(UInt64(0)) + little(start)
      let locator = little(UInt32(0x0706_4b50)) + little(UInt32(0)) + little(record) + little(UInt32(1))
      return body + record64 + locator + zip.bytes.suffix(end)
    }
    let record = UInt64(body.count)
    #expect(try parse(file(count: 3, start: start, record: record), anyWeights).count == 1)
    for wrong in [0, 1, record + 1, .max, 1 << 62] {
      #expect(complaint(file(count: 3, start: start, record: wrong), anyWeights) != nil)
      #expect(complaint(file(count: 3, start: wrong, record: record), anyWeights) != nil)
    }
    #expect(complaint(file(count: .max, start: start, record: record), anyWeights) != nil)
    #expect(complaint(file(count: 1 << 62, start: start, record: record), anyWeights) != nil)
  }

  @Test("what is wrong with an entry is said")
  func spoiled() throws {
    try expect("compressed") { $0.entries[1].method = 8 }
    try expect("encrypted") { $0.entries[1].flags |= 1 }
    try expect("another checksum") { $0.entries[0].checksumMask = 1 }
    try expect("another checksum") { $0.entries[1].checksumMask = 1 << 31 }
    try expect("has 4 bytes for 2 numbers") { $0.entries[1].contents.removeLast(4) }
    try expect("damaged") { $0.entries[1].size = 1 << 30 }
    try expect("'any/data.pkl' and 'any/data/0' in its zip overlap") { $0.entries[0].size = 400 }
    try expect("in its zip overlap") { $0.entries[2].position = 0 }
    try expect("'any/byteorder' and the directory of its zip overlap") { $0.entries[2].size = 50 }
    try expect("is not where its zip says") { $0.entries[0].position = 0x10 }
    try expect("refers to byte") { $0.entries[1].position = 1 << 30 }
    try expect("lacks 'any/data/0'") { $0.entries.remove(at: 1) }
    try expect("'any/data/0' twice") { $0.entries.append($0.entries[1]) }
    try expect("not one of torch.save: it has 0 data.pkl") { $0.entries.removeFirst() }
    try expect("it has 2 data.pkl") { $0.entries[1].name = "other/data.pkl" }
    try expect("TorchScript") { $0.entries.append(.init(name: "any/constants.pkl", contents: [])) }
    try expect("big-endian") { $0.entries[2].contents = Array("big".utf8) }
    try expect("directory of its zip is broken") { $0.directory = 1 }
    try expect("directory of its zip is broken") { $0.count = 5 }
    try expect("refers to byte") { $0.directory = 1 << 30 }
    try expect("64-bit locator") { $0.directory = .max }
    try expect("does not end like one") { $0.comment = [UInt8](repeating: 0, count: 70_000) }
  }

  private func expect(
    _ reason: String, sourceLocation: SourceLocation = #_sourceLocation, _ spoil: (inout Zip) -> Void
  ) throws {
    var zip = Zip()
    spoil(&zip)
    let text = try #require(complaint(zip.bytes, anyWeights), sourceLocation: sourceLocation)
    #expect(text.contains(reason), "\(text)", sourceLocation: sourceLocation)
  }
}
