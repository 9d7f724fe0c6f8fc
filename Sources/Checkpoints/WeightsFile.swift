import Files

/// A file of weights in any format read here, told by what it contains; names mislead.
public enum WeightsFile {
  /// Reads safetensors, or a `state_dict` of `torch.save` in its zip or legacy format.
  ///
  /// - Throws: ``CheckpointError``; for a file of no known format it says what was found instead.
  public static func read(_ path: String) throws(CheckpointError) -> TensorFile {
    let (tensors, metadata) = try TensorFile.contents(of: path, parse)
    return TensorFile(path: path, tensors: tensors, metadata: metadata)
  }

  static func parse(
    _ bytes: [UInt8]
  ) throws(FormatError) -> (tensors: [String: StoredTensor], metadata: [String: String]) {
    // The header begins with a brace, after its length. This is looked at first because any length may come before it.
    if bytes.count > 8, bytes[8] == UInt8(ascii: "{") { return try SafeTensors.parse(bytes) }
    // Every pickle of protocol 2 or later begins with the opcode that names the protocol.
    if TorchFile.isZip(bytes) || bytes.first == PickleOpcode.proto.rawValue { return (try TorchFile.parse(bytes), [:]) }
    throw .unsupported(describe(bytes))
  }

  private static func describe(_ bytes: [UInt8]) -> String {
    if let kind = FileKind.describe(bytes) { return "it is \(kind)" }
    let beginning = bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: " ")
    return "neither safetensors nor of torch.save: it begins with bytes \(beginning) (hexadecimal)"
  }
}
