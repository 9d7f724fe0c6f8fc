import Files
import Foundation

/// Files as the program saved them before they named the images they were made of (version 0.1.0, commit ef8f353): what
/// it reads today has to read these too. Of those that hold a network the header is kept, and zeros stand for its
/// numbers. Trained on 12 images, 3 of them held out (valid_pct 0.25, split_seed 7), in bf16.
public enum SavedBefore {
  public static func path(_ name: String) -> String {
    (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("SavedBefore/" + name).path
  }

  /// Writes a safetensors file with the header that was kept as `NAME.header.json`, and its checksum for zeros.
  public static func write(_ name: String, to path: String) throws {
    var header = try InputFile.read(Self.path(name + ".header.json"), limit: 1 << 20)
    let tensors = try JSONSerialization.jsonObject(with: Data(header)) as? [String: [String: Any]] ?? [:]
    let size = tensors.values.compactMap { ($0["data_offsets"] as? [Int])?.last }.max() ?? 0
    let digits = Array("\"crc32:".utf8)
    guard let place = header.indices.first(where: { header[$0...].starts(with: digits) }) else { return }
    let checksum = place + digits.count..<place + digits.count + CRC32.digitCount
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
    var crc = CRC32()
    header.replaceSubrange(checksum, with: Array(CRC32.zeroDigits.utf8))
    crc.update((length + header).span)
    crc.update([UInt8](repeating: 0, count: size).span)
    header.replaceSubrange(checksum, with: Array(crc.digits.utf8))
    try Data(length + header).write(to: URL(fileURLWithPath: path))
    try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: UInt64(8 + header.count + size))
  }
}
