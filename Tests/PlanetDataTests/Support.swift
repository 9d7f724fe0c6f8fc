import Foundation
import PlanetData
import Testing

/// The reference values generate.py wrote.
enum Golden {
  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Golden")
    return try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func path(_ name: String) -> String {
    (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Golden/" + name).path
  }
}

func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// generate.py's test pixels.
func pattern(height: Int, width: Int) -> Image {
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<3 { pixels.append(UInt8((x * (7 + c) + y * (13 - 2 * c) + 31 * c + x * y / 3 * 5) % 256)) }
    }
  }
  return Image(width: width, height: height, pixels: pixels)
}

extension Renderer {
  func render(_ image: Image, _ augmentation: Augmentation) -> [Float] {
    var output = [Float](repeating: .nan, count: size * size * 3)
    output.withUnsafeMutableBufferPointer { render(image, augmentation, into: $0) }
    return output
  }
}
