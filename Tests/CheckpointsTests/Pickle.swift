@testable import Checkpoints

/// Writes pickles opcode by opcode, the ones that no Python would write above all.
final class Pickle {
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// Opcodes and text as they are; characters up to U+00FF stand for bytes.
  @discardableResult func raw(_ text: String) -> Pickle {
    bytes += text.unicodeScalars.map { UInt8($0.value) }
    return self
  }

  @discardableResult func string(_ text: String) -> Pickle { number(UInt8(text.utf8.count), after: "U").raw(text) }

  @discardableResult func int(_ value: Int) -> Pickle { number(Int32(value), after: "J") }

  @discardableResult func global(_ module: String, _ name: String) -> Pickle { raw("c\(module)\n\(name)\n") }

  /// A persistent id of a float storage.
  @discardableResult func storage(
    _ key: String, count: Int, view: (start: Int, count: Int)? = nil, type: String = "FloatStorage"
  ) -> Pickle {
    raw("(").string("storage").global("torch", type).string(key).string("cpu").int(count)
    if let view { raw("(").string("view").int(view.start).int(view.count).raw("t") } else { raw("N") }
    return raw("tQ")
  }

  /// `{name: _rebuild_tensor_v2(storage '0', 0, (count,), (1,), …)}`, to the end.
  static func stateDict(_ name: String, count: Int) -> Pickle {
    let pickle = Pickle().raw("}(").string(name).global("torch._utils", "_rebuild_tensor_v2").raw("(")
    return pickle.storage("0", count: count).int(0).raw("(").int(count).raw("t(").int(1).raw("tNNtRu.")
  }

  private func number<I: FixedWidthInteger>(_ value: I, after opcode: String) -> Pickle {
    raw(opcode)
    bytes += withUnsafeBytes(of: value.littleEndian, Array.init)
    return self
  }

  /// The pickles of a legacy file, in front of its storages.
  static func legacy(object: Pickle, keys: [String]) -> [UInt8] {
    let magic = Pickle().raw("\u{8a}\u{0a}\u{6c}\u{fc}\u{9c}\u{46}\u{f9}\u{20}\u{6a}\u{a8}\u{50}\u{19}.")
    let version = Pickle().raw("M\u{e9}\u{03}.")
    let facts = Pickle().raw("}").string("little_endian").raw("\u{88}s.")
    let list = Pickle().raw("](")
    for key in keys { list.string(key) }
    list.raw("e.")
    return magic.bytes + version.bytes + facts.bytes + object.bytes + list.bytes
  }

  /// A storage of a legacy file.
  static func storage(_ values: [Float]) -> [UInt8] {
    withUnsafeBytes(of: Int64(values.count).littleEndian, Array.init) + values.withUnsafeBytes(Array.init)
  }
}
