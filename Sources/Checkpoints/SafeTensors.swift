import Files

/// The safetensors format: the header's length in eight bytes, a JSON header, raw little-endian numbers. Python reads it
/// with `safetensors`, or with `struct`, `json` and `numpy` in three lines. Definition:
/// https://github.com/huggingface/safetensors#format
///
/// Files written here carry a checksum of themselves in their metadata, `"checksum": "crc32:xxxxxxxx"`: the CRC-32 of
/// the whole file with the eight digits as zeros. It is verified wherever it is found, so no altered bit goes unseen.
public enum SafeTensors {
  /// Reads a file, by whatever tool it was written.
  ///
  /// - Throws: ``CheckpointError`` if it cannot be opened, contradicts the format or its checksum, or holds numbers
  ///   that are neither F32, F16, BF16, F64 nor integers.
  public static func read(_ path: String) throws(CheckpointError) -> TensorFile {
    let (tensors, metadata) = try TensorFile.contents(of: path, parse)
    return TensorFile(path: path, tensors: tensors, metadata: metadata)
  }

  static func parse(
    _ bytes: [UInt8]
  ) throws(FormatError) -> (tensors: [String: StoredTensor], metadata: [String: String]) {
    if bytes.count > 8, bytes[8] != UInt8(ascii: "{"), let kind = FileKind.describe(bytes) {
      throw .unsupported("it is \(kind)")
    }
    let header = try SafeTensorsHeader(of: bytes)
    try verifyChecksum(header, of: bytes)
    let data = bytes.span.extracting(header.dataStart...)
    var tensors: [String: StoredTensor] = [:]
    for entry in header.entries {
      guard case .floating(let format) = entry.type else { continue }
      let values = format.decode(data.extracting(entry.bytes))
      tensors[entry.name] = StoredTensor(shape: entry.shape, values: values)
    }
    return (tensors, header.metadata)
  }

  private static func verifyChecksum(_ header: SafeTensorsHeader, of bytes: [UInt8]) throws(FormatError) {
    guard let (text, position) = header.checksum else { return }
    guard position.count == SafeTensorsHeader.checksumPrefix.utf8.count + CRC32.digitCount else {
      throw .damaged("its checksum '\(text)' is none")
    }
    let digits = position.upperBound - CRC32.digitCount
    var crc = CRC32()
    crc.update(bytes.span.extracting(..<digits))
    crc.updateWithZeroDigits()
    crc.update(bytes.span.extracting(position.upperBound...))
    let actual = SafeTensorsHeader.checksumPrefix + crc.digits
    guard text == actual else { throw .damaged("its checksum is \(actual) instead of \(text)") }
  }
}
