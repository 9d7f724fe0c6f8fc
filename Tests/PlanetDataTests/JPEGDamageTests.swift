import Foundation
import Testing

@testable import PlanetData

/// Pictures that are damaged, or made to cost more than they are worth.
@Suite struct JPEGDamageTests {
  private func reason(_ bytes: [UInt8]) -> String {
    do throws(ImageError) {
      _ = try Image.decode(bytes, path: "x.jpg")
      return "decoded"
    } catch {
      return error.reason
    }
  }

  /// A picture with another size in its header.
  private func resized(_ name: String, to side: Int) throws -> [UInt8] {
    var bytes = try Golden.bytes("jpeg/\(name).jpg")
    let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && [0xC0, 0xC2].contains(bytes[$0 + 1]) })
    let (high, low) = (UInt8(side >> 8), UInt8(side & 255))
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [high, low, high, low])
    return bytes
  }

  /// A progressive scan without its Huffman table: libjpeg first warns (the scan's parameters), then gives up. Of such a
  /// picture no row was ever decoded.
  @Test func failureAfterAWarning() {
    let table: [UInt8] = [0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
    let frame: [UInt8] = [0xFF, 0xC2, 0, 11, 8, 1, 0, 1, 0, 1, 1, 0x11, 0]
    let scan: [UInt8] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0]
    let bytes = [0xFF, 0xD8] + table + frame + scan
    #expect(reason(bytes + [0xFF, 0xD9]).contains("cannot hold 256 × 256 pixels"))
    let junk = [UInt8](repeating: 7, count: 128)
    #expect(reason(bytes + junk + [0xFF, 0xD9]) == "Huffman table 0x00 was not defined")
  }

  /// Decodable damage is told in libjpeg's words, and an error for those who ask.
  @Test func damage() throws {
    let whole = try Golden.bytes("jpeg/ycbcr-420.jpg")
    let sound = try Image.examine(whole, path: "x.jpg")
    #expect(sound.damage == nil)
    let damaged = whole.dropLast(2) + [UInt8](repeating: 1, count: 40) + whole.suffix(2)
    let (image, damage) = try Image.examine(Array(damaged), path: "x.jpg")
    #expect(image == sound.image)
    #expect(damage?.hasSuffix(" extraneous bytes before marker 0xd9") == true, "\(damage ?? "sound")")
    #expect(try Image.decode(whole, path: "x.jpg", strict: true) == image)
    #expect(throws: ImageError.damaged(path: "x.jpg", reason: try #require(damage))) {
      try Image.decode(Array(damaged), path: "x.jpg", strict: true)
    }
  }

  /// The last scan of a progressive picture, of some components, again and again.
  private func repeated(_ name: String, to side: Int, scans: Int) throws -> [UInt8] {
    let bytes = try resized(name, to: side)
    let last = try #require(bytes.indices.last { bytes[$0...].starts(with: [0xFF, 0xDA]) })
    let scan = bytes[last...].dropLast(2)
    return bytes[..<last] + [[UInt8]](repeating: Array(scan), count: scans).joined() + [0xFF, 0xD9]
  }

  @Test func manyScans() throws {
    #expect(reason(try repeated("progressive", to: 31, scans: 600)) == "decoded")
    let bomb = try repeated("progressive", to: 2000, scans: 500)
    #expect(reason(bomb).hasSuffix(" scans and more would take too long to decode"), "\(reason(bomb))")
  }

  /// Many samples a pixel, kept until the last scan, are refused before anything is reserved for them.
  @Test func muchMemory() throws {
    let padding = [UInt8](repeating: 0, count: 2_000_000)
    #expect(reason(try resized("progressive", to: 11_000) + padding).contains("would need 7"))
    #expect(reason(try resized("planet", to: 12_000) + padding).contains("would need 432 MB, more than 400"))
    #expect(reason(try resized("planet", to: 10_000)).contains("cannot hold 10000 × 10000"))
  }

  @Test func orientation() throws {
    #expect(Orientation.of(jpeg: try Golden.bytes("jpeg/planet.jpg")) == nil)
    #expect(Orientation.of(jpeg: try Golden.bytes("jpeg/rotated.jpg")) == 6)
    func exif(_ tiff: [UInt8]) -> [UInt8] {
      let content = Array("Exif\0\0".utf8) + tiff
      return [0xFF, 0xD8, 0xFF, 0xE0, 0, 3, 0, 0xFF, 0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + [0xFF, 0xDA]
    }
    let big: [UInt8] = [77, 77, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0]
    let little: [UInt8] = [73, 73, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0]
    #expect(Orientation.of(jpeg: exif(big)) == 8 && Orientation.of(jpeg: exif(little)) == 3)
    for length in 0..<exif(big).count - 4 { #expect(Orientation.of(jpeg: Array(exif(big).prefix(length))) == nil) }
  }
}
