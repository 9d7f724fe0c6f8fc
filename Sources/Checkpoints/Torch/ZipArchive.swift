import Files

/// The entries of a zip file as PyTorch writes it: stored, not compressed, 64-bit extensions allowed. Definition:
/// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
struct ZipArchive {
  private struct Entry {
    let name: String
    let method: UInt16
    let flags: UInt16
    let checksum: UInt32
    let size: Int
    let storedSize: Int
    let headerPosition: Int
  }

  static let signature: UInt32 = 0x0403_4b50

  private let bytes: [UInt8]
  private var entries: [String: Entry] = [:]

  var names: [String] { Array(entries.keys) }

  init(_ bytes: [UInt8]) throws(FormatError) {
    self.bytes = bytes
    let (count, position) = try Self.directory(of: bytes)
    var reader = try ByteReader(bytes[...], at: position)
    for _ in 0..<count {
      let entry = try Self.entry(&reader)
      guard entries.updateValue(entry, forKey: entry.name) == nil
      else { throw .damaged("its zip has '\(entry.name)' twice") }
    }
    try refuseOverlaps(end: position)
  }

  /// Every byte belongs to one entry at most, and none to the directory: entries that share bytes would let a small file
  /// stand for a large one, and be read as often as it has entries.
  private func refuseOverlaps(end directory: Int) throws(FormatError) {
    let sorted = entries.values.sorted { ($0.headerPosition, $0.name) < ($1.headerPosition, $1.name) }
    var (previous, end) = ("", 0)
    for entry in sorted {
      guard entry.headerPosition >= end else {
        throw .damaged("'\(previous)' and '\(entry.name)' in its zip overlap")
      }
      (previous, end) = (entry.name, try place(of: entry).upperBound)
    }
    guard end <= directory else { throw .damaged("'\(previous)' and the directory of its zip overlap") }
  }

  /// Where an entry's bytes are: they follow a header that repeats what the directory says.
  private func place(of entry: Entry) throws(FormatError) -> Range<Int> {
    var reader = try ByteReader(bytes[...], at: entry.headerPosition)
    guard try reader.integer(UInt32.self) == Self.signature else {
      throw .damaged("'\(entry.name)' is not where its zip says")
    }
    _ = try reader.read(22)  // These fields repeat the directory, or are zero.
    let nameSize = try reader.count(UInt16.self)
    let extraSize = try reader.count(UInt16.self)
    _ = try reader.read(nameSize + extraSize)
    _ = try reader.read(entry.storedSize)
    return reader.position - entry.storedSize..<reader.position
  }

  /// The bytes of an entry, with their checksum verified.
  func contents(of name: String) throws(FormatError) -> ArraySlice<UInt8> {
    guard let entry = entries[name] else { throw .damaged("its zip lacks '\(name)'") }
    guard entry.method == 0, entry.size == entry.storedSize else {
      throw .unsupported("'\(name)' in its zip is compressed, which torch.save does not do")
    }
    guard entry.flags & 1 == 0 else { throw .unsupported("'\(name)' in its zip is encrypted") }
    let contents = bytes[try place(of: entry)]
    guard CRC32.of(contents.span) == entry.checksum else { throw .damaged("'\(name)' in its zip has another checksum") }
    return contents
  }

  /// How many entries the archive has and where their list begins, from the record at its end.
  private static func directory(of bytes: [UInt8]) throws(FormatError) -> (count: Int, position: Int) {
    let size = 22
    let farthest = max(0, bytes.count - size - Int(UInt16.max))  // a comment of up to 65,535 bytes follows
    for position in stride(from: bytes.count - size, through: farthest, by: -1) {
      var reader = try ByteReader(bytes[...], at: position)
      guard try reader.integer(UInt32.self) == 0x0605_4b50 else { continue }
      _ = try reader.read(6)
      let count = try reader.count(UInt16.self)
      _ = try reader.read(4)
      let start = try reader.count(UInt32.self)
      guard count == UInt16.max || start == UInt32.max else { return (count, start) }
      return try directory64(of: bytes, locator: position - 20)
    }
    throw .damaged("it begins like a zip file and does not end like one")
  }

  private static func directory64(
    of bytes: [UInt8], locator: Int
  ) throws(FormatError) -> (count: Int, position: Int) {
    var reader = try ByteReader(bytes[...], at: locator)
    guard try reader.integer(UInt32.self) == 0x0706_4b50 else { throw .damaged("its zip lacks the 64-bit locator") }
    _ = try reader.read(4)
    reader = try ByteReader(bytes[...], at: reader.count(UInt64.self))
    guard try reader.integer(UInt32.self) == 0x0606_4b50 else { throw .damaged("its zip lacks the 64-bit directory") }
    _ = try reader.read(28)
    let count = try reader.count(UInt64.self)
    _ = try reader.read(8)
    return (count, try reader.count(UInt64.self))
  }

  private static func entry(_ reader: inout ByteReader) throws(FormatError) -> Entry {
    guard try reader.integer(UInt32.self) == 0x0201_4b50 else { throw .damaged("the directory of its zip is broken") }
    _ = try reader.read(4)
    let flags = try reader.integer(UInt16.self)
    let method = try reader.integer(UInt16.self)
    _ = try reader.read(4)
    let checksum = try reader.integer(UInt32.self)
    var storedSize = try reader.count(UInt32.self)
    var size = try reader.count(UInt32.self)
    let nameSize = try reader.count(UInt16.self)
    let extraSize = try reader.count(UInt16.self)
    let commentSize = try reader.count(UInt16.self)
    _ = try reader.read(8)
    var headerPosition = try reader.count(UInt32.self)
    let name = try reader.string(nameSize)
    var extra = try ByteReader(reader.read(extraSize))
    _ = try reader.read(commentSize)

    // The 64-bit extra field holds, in this order, those of the three numbers that did not fit.
    while extra.bytes.count - extra.position >= 4 {
      let id = try extra.integer(UInt16.self)
      var field = try ByteReader(extra.read(extra.count(UInt16.self)))
      guard id == 1 else { continue }
      if size == UInt32.max { size = try field.count(UInt64.self) }
      if storedSize == UInt32.max { storedSize = try field.count(UInt64.self) }
      if headerPosition == UInt32.max { headerPosition = try field.count(UInt64.self) }
    }
    return Entry(
      name: name, method: method, flags: flags, checksum: checksum, size: size, storedSize: storedSize,
      headerPosition: headerPosition)
  }
}
