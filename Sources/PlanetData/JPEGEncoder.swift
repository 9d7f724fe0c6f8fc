import CTurboJPEG

extension JPEG {
  /// The bytes of a baseline JPEG without chroma subsampling, or nil where memory is short.
  ///
  /// - Parameter quality: `1...100`, libjpeg's scale.
  public static func encode(_ image: Image, quality: Int32) -> [UInt8]? {
    guard let handle = tjInitCompress() else { return nil }
    defer { tjDestroy(handle) }
    var bytes: UnsafeMutablePointer<UInt8>?
    defer { tjFree(bytes) }
    var count: UInt = 0
    let result = tjCompress2(
      handle, image.pixels, Int32(image.width), 0, Int32(image.height), Int32(TJPF_RGB.rawValue), &bytes, &count,
      Int32(TJSAMP_444.rawValue), quality, TJFLAG_ACCURATEDCT)
    return result == 0 ? [UInt8](UnsafeBufferPointer(start: bytes, count: Int(count))) : nil
  }
}
