/// The sequence of markers a JPEG file is made of (ITU-T T.81, annex B).
enum JPEGStructure {
  /// Whether the markers, from the first, lead to the end-of-image marker before the bytes run out.
  static func hasEnd(_ bytes: [UInt8]) -> Bool {
    var i = 2
    while i + 1 < bytes.count {
      // Between segments, in compressed data and in junk alike, a marker is FF and a byte that is neither 0 nor FF.
      guard bytes[i] == 0xFF else {
        i += 1
        continue
      }
      switch bytes[i + 1] {
      case 0xD9: return true
      case 0xFF: i += 1
      case 0x00, 0x01, 0xD0...0xD8: i += 2  // stuffing, and the markers without a segment
      default:
        guard i + 3 < bytes.count else { return false }
        i += 2 + max(2, Int(bytes[i + 2]) << 8 | Int(bytes[i + 3]))
      }
    }
    return false
  }
}
