import CJPEG

/// Decodes JPEGs by libjpeg-turbo to the pixels Pillow's `Image.open(path).convert("RGB")` gives: the accurate DCT,
/// smooth chroma upsampling, EXIF orientation ignored. It takes what Pillow takes: damaged data inside a file that is whole
/// decodes to something, a file that ends early is an error.
public enum JPEG {
  /// Larger pictures are refused, since a header can claim any size.
  public static let maximumSide = 16_384
  /// How many bytes decoding may need: 130 million pixels, and half as many in a picture of several scans.
  static let maximumMemory = 400_000_000
  /// How many samples all scans together may pass over: a hundred scans of ten million.
  static let maximumWork: Int64 = 1_000_000_000

  /// The picture of a file's bytes, and in libjpeg's words what is wrong with it, if anything is.
  static func decode(_ bytes: [UInt8]) throws(ImageFormat.Failure) -> (image: Image, damage: String?) {
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(ImageFormat.Failure) in
      guard let start = bytes.baseAddress else { throw ImageFormat.Failure(reason: "the file is empty") }
      return try unsafe decode(start, bytes.count)
    }
  }

  private static func decode(_ start: UnsafePointer<UInt8>, _ count: Int) throws(ImageFormat.Failure) -> (
    Image, String?
  ) {
    var isOpen: Int32 = 0
    guard let picture = unsafe pd_jpeg_open(start, count, &isOpen) else {
      throw ImageFormat.Failure(reason: "no memory for a decoder")
    }
    defer { unsafe pd_jpeg_close(picture) }
    func message() -> String { unsafe String(cString: pd_jpeg_get_facts(picture).message) }
    guard isOpen != 0 else { throw ImageFormat.Failure(reason: message()) }
    let facts = unsafe pd_jpeg_get_facts(picture)
    if let reason = unsafe refusal(facts, bytes: count) { throw ImageFormat.Failure(reason: reason) }

    var isDecoded = false
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: Int(facts.width) * Int(facts.height) * 3) {
      buffer, filled in
      guard let start = buffer.baseAddress, unsafe pd_jpeg_decode(picture, start, maximumWork) == 0 else { return }
      (isDecoded, filled) = unsafe (true, Int(facts.width) * Int(facts.height) * 3)
    }
    guard isDecoded else { throw ImageFormat.Failure(reason: message()) }
    let image = unsafe Image(width: Int(facts.width), height: Int(facts.height), pixels: pixels)
    return unsafe (image, pd_jpeg_get_facts(picture).warnings > 0 ? message() : nil)
  }

  /// Why a picture would cost too much, by its header alone.
  private static func refusal(_ facts: pd_jpeg_facts, bytes: Int) -> String? {
    let (width, height, samples) = unsafe (Int(facts.width), Int(facts.height), Int(facts.samples))
    guard max(width, height) <= maximumSide else { return "\(width) × \(height) is larger than \(maximumSide) a side" }
    // Each block of 64 samples is a bit at least in Huffman's code. A header that claims more lies.
    guard samples / 64 / 8 <= bytes else { return "\(bytes) bytes cannot hold \(width) × \(height) pixels" }
    let memory = unsafe 3 * width * height + (facts.has_several_scans != 0 ? 2 * samples : 0)
    guard memory <= maximumMemory else {
      return "\(width) × \(height) pixels would need \(memory / 1_000_000) MB, more than \(maximumMemory / 1_000_000)"
    }
    return nil
  }
}
