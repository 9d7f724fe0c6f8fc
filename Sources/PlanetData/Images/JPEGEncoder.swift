import CJPEG
import Glibc

extension JPEG {
  /// The bytes of a baseline JPEG without chroma subsampling, or nil where memory is short.
  ///
  /// - Parameter quality: `1...100`, libjpeg's scale.
  public static func encode(_ image: Image, quality: Int32) -> [UInt8]? {
    var count = 0
    let bytes = unsafe pd_jpeg_encode(image.pixels, Int32(image.width), Int32(image.height), quality, &count)
    defer { unsafe free(bytes) }
    return unsafe bytes.map { unsafe [UInt8](UnsafeBufferPointer(start: $0, count: count)) }
  }
}
