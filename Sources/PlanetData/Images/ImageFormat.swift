import Files

/// A kind of file that images come in. To add one, write its decoder, and enter it in ``all``.
public struct ImageFormat: Sendable {
  /// What messages call it.
  let name: String
  /// How its files end, in lower case.
  let suffixes: [String]
  /// The bytes that its files begin with.
  let beginning: [UInt8]
  /// The picture, and what is wrong with it if it is damaged. Memory is bounded by the header before it is taken.
  let decode: @Sendable (_ bytes: [UInt8]) throws(Failure) -> (image: Image, damage: String?)
  /// How the file wants the picture turned, by EXIF's numbers 2 to 8; nil for not at all.
  let orientation: @Sendable (_ bytes: [UInt8]) -> Int?

  /// Why a file gives no picture.
  struct Failure: Error {
    let reason: String
  }

  static let all = [
    ImageFormat(
      name: "JPEG", suffixes: [".jpg", ".jpeg"], beginning: [0xFF, 0xD8, 0xFF],
      decode: { (bytes) throws(Failure) in try JPEG.decode(bytes) }, orientation: { Orientation.of(jpeg: $0) })
  ]

  /// The format of a file with these bytes.
  static func of(_ bytes: [UInt8]) -> ImageFormat? { all.first { bytes.starts(with: $0.beginning) } }

  /// "JPEG".
  static let names = all.map(\.name).joined(separator: " or ")
  /// How files of all formats end.
  static let suffixes = all.flatMap(\.suffixes)
  static let longestSuffix = suffixes.map(\.utf8.count).max() ?? 0
  /// ".jpg or .jpeg".
  public static let suffixList = suffixes.joined(separator: " or ")
}

extension Image {
  /// Larger files are refused: no picture read here has more than 130 million pixels, and a pixel takes about a byte at
  /// most.
  static let maximumFileSize = 256 << 20

  /// Reads and decodes a file.
  ///
  /// - Parameter strict: refuse a damaged picture, though it can be decoded.
  public static func decode(_ path: String, strict: Bool = false) throws(ImageError) -> Image {
    try decode(read(path), path: path, strict: strict)
  }

  /// Decodes a file's bytes; `path` is for the message.
  public static func decode(_ bytes: [UInt8], path: String, strict: Bool = false) throws(ImageError) -> Image {
    let (image, damage) = try examine(bytes, path: path)
    if strict, let damage { throw .damaged(path: path, reason: damage) }
    return image
  }

  static func read(_ path: String) throws(ImageError) -> [UInt8] {
    do { return try InputFile.read(path, limit: maximumFileSize) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
  }

  /// The picture, and what is wrong with it, if anything is.
  static func examine(_ bytes: [UInt8], path: String) throws(ImageError) -> (image: Image, damage: String?) {
    guard let format = ImageFormat.of(bytes) else {
      let kind =
        FileKind.describe(bytes.prefix(FileKind.beginningSize)).map { "it is \($0)" } ?? "it does not begin as one"
      throw .undecodable(path: path, reason: bytes.isEmpty ? "the file is empty" : kind)
    }
    do { return try format.decode(bytes) } catch { throw .undecodable(path: path, reason: error.reason) }
  }
}
