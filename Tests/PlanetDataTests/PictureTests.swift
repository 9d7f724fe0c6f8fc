import Foundation
import PlanetData
import TestSupport
import Testing

@Suite struct PictureTests {
  /// Rendering normalizes; showing takes that back, pixel for pixel.
  @Test func undoesNormalization() {
    let image = pattern(height: 24, width: 24)
    let values = Renderer(size: 24).render(image, .identity)
    values.withUnsafeBufferPointer {
      #expect(Image(width: 24, height: 24, normalized: $0) == image)
    }
  }

  /// Values beyond what pixels can be are clamped, and the second image of a batch is the second.
  @Test func clamps() {
    let batch = Batch([4, 5], targets: [], size: 8) { values in
      for i in values.indices { values[i] = i < 192 ? 0 : (i % 3 == 0 ? -9 : 9) }
    }
    #expect(Array(batch.image(at: 0).pixels.prefix(3)) == [124, 116, 104])  // ImageNet's mean colour
    #expect(Array(batch.image(at: 1).pixels.prefix(3)) == [0, 255, 255])
  }

  @Test func grid() {
    let images = (0..<3).map { Image(width: 2, height: 1, pixels: [UInt8](repeating: UInt8($0), count: 6)) }
    let grid = Image.grid(images, columns: 2, gap: 1)
    #expect(grid.width == 5 && grid.height == 3)
    let reds = stride(from: 0, to: grid.pixels.count, by: 3).map { grid.pixels[$0] }
    #expect(reds == [0, 0, 255, 1, 1] + [255, 255, 255, 255, 255] + [2, 2, 255, 255, 255])
    #expect(Image.grid(images, columns: 9, gap: 0).width == 6)
  }

  /// What another program reads from our PNG is what we put in.
  @Test(.enabled(if: Python.has("PIL"), "needs Python's Pillow")) func png() throws {
    let image = pattern(height: 31, width: 17)
    try withTemporaryFolder { folder in
      let path = folder + "/image.png"
      try write(#require(PNG.encode(image)), to: path)
      let read = try Python.run(
        "from PIL import Image; i = Image.open('\(path)'); i.load(); print(i.format, i.mode, *i.size, *i.tobytes())")
      #expect(read == (["PNG", "RGB", "17", "31"] + image.pixels.map(String.init)).joined(separator: " ") + "\n")
    }
  }
}
