import Files

/// The header of a safetensors file: where each tensor lies, and text. Definition:
/// https://github.com/huggingface/safetensors#format
struct SafeTensorsHeader {
  struct Entry {
    let name: String
    let type: ElementType
    let shape: [Int]
    /// Where its bytes lie in the data, which follows the header.
    let bytes: Range<Int>
  }

  /// The limit of the reference implementation.
  static let sizeLimit = 100_000_000
  static let metadataKey = "__metadata__"
  static let checksumKey = "checksum"
  static let checksumPrefix = "crc32:"

  /// All tensors in the order of the data, which they cover without gaps.
  let entries: [Entry]
  let metadata: [String: String]
  /// What the file says its checksum is, and where the text lies in the file; nil where it says nothing.
  let checksum: (text: String, position: Range<Int>)?
  /// Where the data begins in the file.
  let dataStart: Int

  /// The header of a whole file.
  init(of bytes: [UInt8]) throws(FormatError) {
    var reader = try ByteReader(bytes[...])
    let size = try reader.count(UInt64.self)
    guard size <= Self.sizeLimit, size <= bytes.count - reader.position else {
      // Any eight bytes can be read as a length; a brace after them tells that they were meant as one.
      let isMeant = bytes.dropFirst(MemoryLayout<UInt64>.size).first == UInt8(ascii: "{")
      throw .damaged(
        isMeant
          ? "its header should be \(size) bytes long, in a file of \(bytes.count)"
          : "it does not begin as a safetensors file")
    }
    let end = reader.position + size
    var json = JSONCursor(reader: try ByteReader(bytes[..<end], at: reader.position))
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    var places: [String: Range<Int>] = [:]
    try json.object { (json: inout JSONCursor, name: String) throws(FormatError) in
      guard name == Self.metadataKey else { return entries.append(try Entry(name: name, from: &json)) }
      try json.object { (json: inout JSONCursor, key: String) throws(FormatError) in
        _ = try json.peek()
        let start = json.reader.position + 1
        metadata[key] = try json.string()
        places[key] = start..<json.reader.position - 1
      }
    }
    guard try json.peek() == nil else { throw .damaged("its header goes on behind its end") }

    // A flipped bit must not turn the checksum into an ordinary key, so its value is known by its look as well.
    let claim =
      metadata[Self.checksumKey] != nil
      ? Self.checksumKey : metadata.first { $0.value.begins(with: Self.checksumPrefix) }?.key
    if let claim, let text = metadata[claim], let place = places[claim] {
      checksum = (text, place)
      metadata[claim] = nil
    } else {
      checksum = nil
    }
    self.entries = try Self.inOrder(entries, dataCount: bytes.count - end)
    self.metadata = metadata
    dataStart = end
  }

  /// The format leaves no holes, and no byte belongs to two tensors.
  private static func inOrder(_ entries: [Entry], dataCount: Int) throws(FormatError) -> [Entry] {
    let sorted = entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    var end = 0
    for entry in sorted {
      guard entry.bytes.lowerBound == end else {
        throw .damaged("'\(entry.name)' begins at byte \(entry.bytes.lowerBound) of the data instead of \(end)")
      }
      end = entry.bytes.upperBound
    }
    guard end == dataCount else { throw .damaged("its tensors take \(end) bytes, and \(dataCount) are there") }
    return sorted
  }
}

extension SafeTensorsHeader.Entry {
  fileprivate init(name: String, from json: inout JSONCursor) throws(FormatError) {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    try json.object { (json: inout JSONCursor, key: String) throws(FormatError) in
      switch key {
      case "dtype": dtype = try json.string()
      case "shape": shape = try json.naturalNumbers()
      case "data_offsets": offsets = try json.naturalNumbers()
      default: throw .damaged("'\(name)' has an unknown field '\(key)'")
      }
    }
    guard let dtype, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .damaged("'\(name)' lacks its dtype, shape or data_offsets")
    }
    guard let type = ElementType(safeTensors: dtype) else { throw .unsupported("'\(name)' holds \(dtype) numbers") }
    let (byteCount, overflow) = try elementCount(of: shape).multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, byteCount == offsets[1] - offsets[0] else {
      throw .damaged("'\(name)' of shape \(shape) and type \(dtype) does not fill bytes \(offsets[0]) to \(offsets[1])")
    }
    self.init(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }
}
