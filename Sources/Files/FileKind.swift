/// What a file is, by its first bytes; names mislead.
public enum FileKind {
  /// As many of a file's first bytes as tell its kind: a tar file's mark comes last, at byte 257.
  public static let beginningSize = 512

  /// In words that follow "it is": "a PNG picture"; nil for what is not known.
  public static func describe(_ bytes: some Collection<UInt8>) -> String? {
    if bytes.isEmpty { return "empty" }
    // safetensors: the header's length in eight bytes, and a brace. First, since any length may look like something else.
    if bytes.dropFirst(8).first == UInt8(ascii: "{"), bytes.dropFirst(6).prefix(2).allSatisfy({ $0 == 0 }) {
      return "a safetensors file"
    }
    if let known = beginnings.first(where: { bytes.starts(with: $0.beginning) }) { return known.meaning }
    if bytes.dropFirst(257).starts(with: "ustar".utf8) { return "a tar file" }
    if bytes.dropFirst(4).starts(with: "ftypavif".utf8) { return "an AVIF picture" }
    if bytes.dropFirst(4).starts(with: "ftyphei".utf8) { return "a HEIC picture" }
    if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) { return "a WebP picture" }
    // ONNX is a protocol buffer: first the version of its format, then its producer, a text about it, the graph, or what
    // operators it asks for.
    if bytes.starts(with: [0x08]), let next = bytes.dropFirst(2).first,
      [0x12, 0x1A, 0x22, 0x32, 0x3A, 0x42].contains(next)
    {
      return "an ONNX model"
    }
    return nil
  }

  private static let beginnings: [(beginning: [UInt8], meaning: String)] = [
    ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
    ([0x89] + Array("PNG".utf8), "a PNG picture"),
    (Array("GIF8".utf8), "a GIF picture"),
    (Array("BM".utf8), "a BMP picture"),
    (Array("II*\0".utf8), "a TIFF picture"), (Array("MM\0*".utf8), "a TIFF picture"),
    (Array("II+\0".utf8), "a BigTIFF picture"), (Array("MM\0+".utf8), "a BigTIFF picture"),
    (Array("<".utf8), "a web page or XML, so the download went wrong"),
    (Array("version https://git-lfs".utf8), "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (Array("{".utf8), "JSON"),
    (Array("%PDF".utf8), "a PDF file"),
    (Array("PK\u{3}\u{4}".utf8), "a zip file"), ([0x80, 0x02], "a pickle"),
    ([0x37, 0x7A, 0xBC, 0xAF], "a 7z archive; unpack it first"),
    ([0x1F, 0x8B], "gzip; unpack it first"),
    ([0x89] + Array("HDF".utf8), "HDF5, as Keras saves it"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
    ([0xFF, 0xFE], "UTF-16 text"), ([0xFE, 0xFF], "UTF-16 text"),
  ]
}
