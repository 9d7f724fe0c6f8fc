import Files

extension SafeTensors {
  /// Writes `tensors`, in this order, and `metadata` to `path`, making its folder if needed.
  ///
  /// The file appears complete and synced to the disk or not at all; see ``AtomicFile``. Nothing is copied: the floats
  /// go from the caller's memory to the file. Names must differ, and the metadata have no `checksum` of its own.
  ///
  /// - Throws: ``CheckpointError/file(_:)`` if the disk is full, the folder cannot be made, and so on.
  ///   A previous file at `path` is then still there, and nothing else.
  public static func write(
    _ tensors: [TensorView], metadata: [String: String] = [:], to path: String
  ) throws(CheckpointError) {
    var head = head(of: unsafe tensors.map { unsafe ($0.name, $0.shape, $0.values.count) }, metadata: metadata)
    let values = unsafe tensors.map { unsafe UnsafeRawBufferPointer($0.values) }
    var crc = CRC32()
    crc.update(head.span)
    for i in unsafe values.indices { crc.update(unsafe values[i].bytes) }
    head.replaceSubrange(checksumDigits, with: Array(crc.digits.utf8))
    do throws(FileError) {
      try unsafe head.withUnsafeBufferPointer { (head) throws(FileError) in
        try unsafe AtomicFile.write([UnsafeRawBufferPointer(head)] + values, to: path)
      }
    } catch {
      throw .file(error)
    }
  }

  /// The checksum comes first in the header so that its place is known.
  private static let opening =
    "{\"\(SafeTensorsHeader.metadataKey)\":{\"\(SafeTensorsHeader.checksumKey)\":\"\(SafeTensorsHeader.checksumPrefix)"

  private static var checksumDigits: Range<Int> {
    let start = MemoryLayout<UInt64>.size + opening.utf8.count
    return start..<start + CRC32.digitCount
  }

  /// The header with its length in front and zeros for the checksum's digits, padded so that the data begins at a
  /// multiple of eight bytes, as the reference implementation does.
  private static func head(
    of tensors: [(name: String, shape: [Int], count: Int)], metadata: [String: String]
  ) -> [UInt8] {
    precondition(metadata[SafeTensorsHeader.checksumKey] == nil, "the checksum is added by the writer")
    precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
    var json = opening + CRC32.zeroDigits + "\""
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { json += ",\(quoted(key)):\(quoted(value))" }
    json += "}"
    var offset = 0
    for tensor in tensors {
      precondition(tensor.name != SafeTensorsHeader.metadataKey, "a tensor named \(tensor.name)")
      precondition(
        tensor.shape.reduce(1, *) == tensor.count,
        "\(tensor.count) values of \(tensor.name) for shape \(tensor.shape)")
      let end = offset + tensor.count * MemoryLayout<Float>.size
      json += ",\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":["
      json += tensor.shape.map(String.init).joined(separator: ",")
      json += "],\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    json += "}"
    json += String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
    return unsafe withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian, Array.init) + Array(json.utf8)
  }

  /// A JSON string: only quotes, backslashes and control characters need an escape.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\u{0}"..<" ": quoted += "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
