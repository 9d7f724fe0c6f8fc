import CTurboJPEG
import Files

/// Decodes JPEGs by libjpeg-turbo to the pixels Pillow's `Image.open(path).convert("RGB")` gives: the accurate DCT,
/// smooth chroma upsampling, EXIF orientation ignored. Takes what Pillow takes: damaged data inside a file that is whole
/// decodes to something, a file that ends early is an error.
public enum JPEG {
  /// Larger pictures are refused; a header can claim any size.
  public static let maximumSide = 16_384
  public static let maximumPixels = 100_000_000

  /// Reads and decodes a file of at most 1 GiB.
  public static func decode(_ path: String) throws(ImageError) -> Image { try decode(read(path), path: path) }

  static func read(_ path: String) throws(ImageError) -> [UInt8] {
    do { return try InputFile.read(path, limit: 1 << 30) } catch { throw .unreadable(path: path, reason: error.reason) }
  }

  /// Decodes a file's bytes; `path` is for the message.
  public static func decode(_ bytes: [UInt8], path: String) throws(ImageError) -> Image {
    func undecodable(_ reason: String) -> ImageError { .undecodable(path: path, reason: reason) }
    guard bytes.starts(with: [0xFF, 0xD8, 0xFF]) else {
      throw undecodable(bytes.isEmpty ? "the file is empty" : "it does not begin as one")
    }
    // A decoder for each picture: TurboJPEG 2's keeps the state a failure left it in, and the next picture suffers.
    guard let handle = tjInitDecompress() else { throw undecodable("no memory for a decoder") }
    defer { tjDestroy(handle) }
    func problem() -> ImageError { undecodable(String(cString: tjGetErrorStr2(handle))) }

    var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, -1, -1)
    // Fails also for a sampling that TurboJPEG has no name for, though it decodes: what counts is what it found.
    tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &space)
    guard width > 0, height > 0, space >= 0 else { throw problem() }
    let (w, h) = (Int(width), Int(height))
    guard max(w, h) <= maximumSide, w * h <= maximumPixels else {
      throw undecodable("\(w) × \(h) is larger than \(maximumSide) a side or \(maximumPixels) pixels")
    }
    // Huffman codes spend a bit at least on every 8 × 8 block: with the coarsest sampling, a byte for 1024 pixels. A
    // header that claims more lies, and must not make us reserve memory.
    guard w * h / 1024 <= bytes.count else { throw undecodable("\(bytes.count) bytes cannot hold \(w) × \(h) pixels") }

    let fourComponents = space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue)
    let format = fourComponents ? TJPF_CMYK : TJPF_RGB
    var failure: ImageError?
    let decoded = [UInt8](unsafeUninitializedCapacity: w * h * (fourComponents ? 4 : 3)) { buffer, filled in
      let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
      let result = tjDecompress2(
        handle, bytes, UInt(bytes.count), buffer.baseAddress, width, 0, height, Int32(format.rawValue), flags)
      // A warning leaves the picture complete. Only the first is reported, so look for a missing end ourselves.
      if result == 0 || (tjGetErrorCode(handle) == TJERR_WARNING.rawValue && JPEGStructure.hasEnd(bytes)) {
        filled = buffer.count
      } else {
        failure = problem()
      }
    }
    if let failure { throw failure }
    return Image(width: w, height: h, pixels: fourComponents ? rgb(invertedCMYK: decoded) : decoded)
  }

  /// Four components to red, green, blue as Pillow does: all four are inverted first, Adobe marker or not, then
  /// `r = (255 - k) - c (255 - k) / 255`, the quotient rounded. Planet's chips have red, green, blue and 255, which this
  /// returns unchanged.
  private static func rgb(invertedCMYK: [UInt8]) -> [UInt8] {
    let count = invertedCMYK.count / 4
    return [UInt8](unsafeUninitializedCapacity: count * 3) { rgb, filled in
      for i in 0..<count {
        let light = Int32(invertedCMYK[4 * i + 3])
        for channel in 0..<3 {
          let t = (255 - Int32(invertedCMYK[4 * i + channel])) * light + 128
          rgb[3 * i + channel] = UInt8(truncatingIfNeeded: light - (t + t >> 8) >> 8)
        }
      }
      filled = count * 3
    }
  }
}
