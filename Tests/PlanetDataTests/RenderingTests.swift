import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct RenderingTests {
  private struct Case: Decodable {
    let height: Int
    let width: Int
    let size: Int
    let dihedral: Int?
    let degrees: Float?
    let zoom: [Float]?
    let brightness: Float?
    let contrast: Float?
    let crop: [Float]?
    let mirrored: Bool?

    var augmentation: Augmentation {
      var a = Augmentation()
      a.dihedral = dihedral ?? 0
      a.degrees = degrees
      a.zoom = zoom.map { Augmentation.Zoom(scale: $0[0], row: $0[1], column: $0[2]) }
      (a.brightness, a.contrast) = (brightness, contrast)
      a.mirrored = mirrored ?? false
      if let crop { (a.cropRow, a.cropColumn) = (crop[0], crop[1]) }
      return a
    }
  }

  /// fastai's pipeline in PyTorch (generate.py).
  @Test func golden() throws {
    let cases = try JSONDecoder().decode([Case].self, from: Data(Golden.bytes("transforms.json")))
    let values = try Golden.bytes("transforms.bin").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    var start = 0
    for (number, c) in cases.enumerated() {
      let expected = values[start..<start + c.size * c.size * 3]
      start += expected.count
      let actual = Renderer(size: c.size).render(pattern(height: c.height, width: c.width), c.augmentation)
      expectClose(actual, Array(expected), relative: 0, absolute: 1e-4, "case \(number), \(c.augmentation)")
    }
    #expect(start == values.count && cases.count > 25)
  }

  /// Every eighth of a turn and mirror image, at the image's own size: whole pixels move.
  @Test(arguments: [
    (0, [0, 1, 2, 3, 4, 5, 6, 7, 8]), (1, [2, 1, 0, 5, 4, 3, 8, 7, 6]), (2, [6, 7, 8, 3, 4, 5, 0, 1, 2]),
    (3, [8, 7, 6, 5, 4, 3, 2, 1, 0]), (4, [0, 3, 6, 1, 4, 7, 2, 5, 8]), (5, [2, 5, 8, 1, 4, 7, 0, 3, 6]),
    (6, [6, 3, 0, 7, 4, 1, 8, 5, 2]), (7, [8, 5, 2, 7, 4, 1, 6, 3, 0]),
  ])
  func dihedral(k: Int, order: [Int]) {
    let image = Image(width: 3, height: 3, pixels: (0..<9).flatMap { [UInt8($0 * 20), 0, 255] })
    var a = Augmentation()
    a.dihedral = k
    let output = Renderer(size: 3).render(image, a)
    let red = stride(from: 0, to: 27, by: 3).map { (output[$0] * 0.229 + 0.485) * 255 / 20 }
    expectClose(red, order.map(Double.init), absolute: 1e-4)
  }

  @Test func ownSizeKeepsPixels() {
    let image = pattern(height: 40, width: 40)
    let output = Renderer(size: 40).render(image, .identity)
    for i in output.indices {
      let pixel = (output[i] * ImageNet.std[i % 3] + ImageNet.mean[i % 3]) * 255
      #expect(abs(pixel - Float(image.pixels[i])) < 1e-4)
    }
  }

  /// The recipe's examples (§1.4), and the table against the formula.
  @Test func lighting() throws {
    #expect(Lighting(Augmentation()) == nil)
    #expect(abs(try lighting(0.45, nil)(0.1) - 0.08333) < 1e-5)
    #expect(abs(try lighting(0.55, nil)(0.1) - 0.11957) < 1e-5)
    #expect(abs(try lighting(nil, 0.9)(0.3) - 0.31809) < 1e-5)
    #expect(abs(try lighting(nil, 1.1111)(0.3) - 0.28061) < 1e-5)
  }

  @Test(arguments: [Float(0.9), 1, 1.1111]) func lightingTable(contrast: Float) throws {
    let lighting = try lighting(0.53, contrast)
    LightingTable(lighting).withLookup { lit in
      var worst: Float = 0
      for i in 0...100_000 { worst = max(worst, abs(lit(Float(i) * 255 / 100_000) - lighting(Float(i) / 100_000))) }
      #expect(worst < 3e-5)
      for pixel in 0...255 { #expect(lit(Float(pixel)) == lighting(Float(pixel * 16) / 4080)) }
    }
  }

  private func lighting(_ brightness: Float?, _ contrast: Float?) throws -> Lighting {
    var a = Augmentation()
    (a.brightness, a.contrast) = (brightness, contrast)
    return try #require(Lighting(a))
  }

  /// A pole is not a picture anyone takes, but someone's folder has one.
  @Test(arguments: [(1, 1), (1, 500), (500, 1), (2, 16_384), (3, 2)])
  func extremeShapes(height: Int, width: Int) {
    let image = pattern(height: height, width: width)
    for k in 0..<20 {
      let output = Renderer(size: 16).render(image, .random(seed: 5, epoch: 0, image: k))
      #expect(output.allSatisfy { abs($0) < 3 })
    }
  }
}
