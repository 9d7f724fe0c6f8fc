extension Image {
  /// Pictures of one size in rows of `columns`, on white, `gap` pixels apart.
  public static func grid(_ images: [Image], columns: Int, gap: Int = 2) -> Image {
    precondition(!images.isEmpty && columns > 0 && gap >= 0, "\(images.count) pictures in \(columns) columns")
    let (width, height) = (images[0].width, images[0].height)
    let (across, down) = (min(columns, images.count), (images.count + columns - 1) / columns)
    let (gridWidth, gridHeight) = (across * (width + gap) - gap, down * (height + gap) - gap)
    var pixels = [UInt8](repeating: 255, count: gridWidth * gridHeight * 3)
    for (place, image) in images.enumerated() {
      precondition(image.width == width && image.height == height, "a picture of another size")
      let (left, top) = (place % columns * (width + gap), place / columns * (height + gap))
      for row in 0..<height {
        let start = ((top + row) * gridWidth + left) * 3
        let source = image.pixels[row * width * 3..<(row + 1) * width * 3]
        pixels.replaceSubrange(start..<start + width * 3, with: source)
      }
    }
    return Image(width: gridWidth, height: gridHeight, pixels: pixels)
  }
}
