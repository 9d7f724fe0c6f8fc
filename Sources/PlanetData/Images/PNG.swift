import CZlib

/// Encodes pictures without loss (W3C, "Portable Network Graphics", third edition).
public enum PNG {
  /// The bytes of a PNG file, or nil where memory is short.
  public static func encode(_ image: Image) -> [UInt8]? {
    var rows: [UInt8] = []
    rows.reserveCapacity(image.height * (image.width * 3 + 1))
    for row in 0..<image.height {
      rows.append(0)  // no filter
      rows += image.pixels[row * image.width * 3..<(row + 1) * image.width * 3]
    }
    guard let data = compressed(rows) else { return nil }
    let (bitDepth, rgb): (UInt8, UInt8) = (8, 2)
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", bigEndian(image.width) + bigEndian(image.height) + [bitDepth, rgb, 0, 0, 0])
      + chunk("IDAT", data) + chunk("IEND", [])
  }

  private static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
    var count = compressBound(UInt(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(count))
    guard unsafe compress(&result, &count, bytes, UInt(bytes.count)) == Z_OK else { return nil }
    return Array(result.prefix(Int(count)))
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let content = Array(type.utf8) + data
    return unsafe bigEndian(data.count) + content + bigEndian(Int(crc32_z(0, content, content.count)))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
