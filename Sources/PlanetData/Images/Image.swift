/// A picture in memory: 8 bits a channel, red, green, blue, `[height, width, 3]`.
public struct Image: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// `height · width · 3` values, row by row.
  public let pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 3, "\(height) × \(width) × 3 pixels")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }
}
