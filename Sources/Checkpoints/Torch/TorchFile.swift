import Files

/// A `state_dict` written by `torch.save`, in the zip format (PyTorch 1.6 on) or the legacy one. No code of the file
/// runs; see ``Unpickler``. Both formats are defined by `torch/serialization.py`.
enum TorchFile {
  /// All floating-point tensors of the dictionary, or of the one under its key `state_dict` or `model`.
  ///
  /// - Throws: ``FormatError`` if the file contradicts its format, or needs anything that a dictionary of tensors does
  ///   not.
  static func parse(_ bytes: [UInt8]) throws(FormatError) -> [String: StoredTensor] {
    try isZip(bytes) ? parseZip(bytes) : parseLegacy(bytes)
  }

  static func isZip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "PK\u{3}\u{4}".utf8) }

  /// A folder of any name with `data.pkl`, the object with references to storages, and `data/KEY`, their numbers.
  private static func parseZip(_ bytes: [UInt8]) throws(FormatError) -> [String: StoredTensor] {
    let archive = try ZipArchive(bytes)
    let pickles = archive.names.filter { $0.ends(with: "/data.pkl") }
    guard pickles.count == 1, let pickle = pickles.first else {
      throw .unsupported("a zip file, not one of torch.save: it has \(pickles.count) data.pkl")
    }
    let folder = String(decoding: pickle.utf8.dropLast("data.pkl".utf8.count), as: UTF8.self)
    guard !archive.names.contains(folder + "constants.pkl") else {
      throw .unsupported("a TorchScript program; save its state_dict instead")
    }
    if archive.names.contains(folder + "byteorder") {
      guard try archive.contents(of: folder + "byteorder").elementsEqual("little".utf8) else {
        throw .unsupported("written on a big-endian machine")
      }
    }
    var reader = try ByteReader(archive.contents(of: pickle))
    let (root, heap, _) = try Unpickler.load(&reader)
    let state = try StateDict(root: root, heap: heap)
    var contents: [String: ArraySlice<UInt8>] = [:]
    for storage in state.storages { contents[storage.key] = try archive.contents(of: "\(folder)data/\(storage.key)") }
    return try state.values(in: contents, limit: bytes.count)
  }
}
