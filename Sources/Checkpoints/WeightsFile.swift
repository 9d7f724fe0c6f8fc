/// A file of weights in any format read here, told by what it contains; names mislead.
public enum WeightsFile {
  /// Reads safetensors, or a `state_dict` of `torch.save` in its zip or legacy format.
  ///
  /// - Throws: ``CheckpointError``; for a file of no known format it says what was found instead.
  public static func read(_ path: String) throws(CheckpointError) -> TensorFile {
    let (tensors, metadata) = try MappedFile.read(path, parse)
    return TensorFile(path: path, tensors: tensors, metadata: metadata)
  }

  static func parse(
    _ bytes: UnsafeRawBufferPointer
  ) throws(FormatError) -> (tensors: [String: StoredTensor], metadata: [String: String]) {
    // Behind the header's length the header begins, with a brace; that comes first because any length may go before.
    if bytes.count > 8, bytes[8] == UInt8(ascii: "{") { return try SafeTensors.parse(bytes) }
    // Every pickle of protocol 2 or later begins with the opcode that names the protocol.
    if TorchFile.isZip(bytes) || bytes.first == PickleOpcode.proto.rawValue { return (try TorchFile.parse(bytes), [:]) }
    throw .unsupported(describe(bytes))
  }

  private static let knownBeginnings: [(beginning: [UInt8], meaning: String)] = [
    (Array("<".utf8), "a web page or XML, so the download went wrong"),
    (Array("version https://git-lfs".utf8), "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (Array("{".utf8), "JSON"),
    ([0x1f, 0x8b], "gzip; unpack it first"),
    ([0x89] + Array("HDF".utf8), "HDF5, as Keras saves it"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
  ]

  private static func describe(_ bytes: UnsafeRawBufferPointer) -> String {
    if let known = knownBeginnings.first(where: { bytes.starts(with: $0.beginning) }) { return known.meaning }
    if bytes.dropFirst(257).starts(with: "ustar".utf8) { return "a tar file, as PyTorch before 0.1.10 or others write" }
    let beginning = bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: " ")
    return "neither safetensors nor of torch.save: it begins with bytes \(beginning) (hexadecimal)"
  }
}
