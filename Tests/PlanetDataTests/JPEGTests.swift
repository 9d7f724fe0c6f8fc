import Files
import Foundation
import TestSupport
import Testing

@testable import PlanetData

@Suite struct JPEGTests {
  /// Every kind there is, pixel by pixel as Pillow.
  @Test(arguments: [
    "planet", "cmyk-adobe", "cmyk-plain", "ycck-adobe", "grey", "ycbcr-444", "ycbcr-422", "ycbcr-420", "progressive",
    "restarts", "rotated", "pixel",
  ])
  func pillow(name: String) throws {
    let expected = try Golden.bytes("jpeg/\(name).rgb")
    let image = try Image.decode(Golden.path("jpeg/\(name).jpg"))
    let size: [UInt8] = [UInt8(image.width), 0, 0, 0, UInt8(image.height), 0, 0, 0]
    #expect(size + image.pixels == expected)
  }

  private static let shared: [[String]] = {
    let bytes = (try? Golden.bytes("shared.csv")) ?? []
    return CSV.records(bytes) { Issue.record($0) }.dropFirst().map(\.fields)
  }()

  @Test(
    .enabled(if: SharedFiles.has("data/jpegs"), "needs ../shared/data/jpegs"),
    .enabled(if: SharedFiles.has("data/planet-sample"), "needs ../shared/data/planet-sample"))
  func oddFiles() throws {
    #expect(Self.shared.count > 60)
    for row in Self.shared {
      let (file, expected) = (row[0], row[1...].joined(separator: ","))
      do throws(ImageError) {
        let image = try Image.decode(SharedFiles.path("data/" + file))
        var hash = Fingerprint()
        hash.add(image.pixels)
        let digits = String(hash.value, radix: 16)
        let found = "\(image.width),\(image.height),\(String(repeating: "0", count: 16 - digits.count))\(digits)"
        #expect(found == expected, "\(file)")
      } catch {
        #expect(expected == ",,", "\(error)")
      }
    }
  }

  @Test(arguments: ["planet", "ycbcr-420", "progressive"])
  func truncations(name: String) throws {
    let whole = try Golden.bytes("jpeg/\(name).jpg")
    for length in 0..<whole.count {
      let error = #expect(throws: ImageError.self) { try Image.decode(Array(whole[..<length]), path: "cut.jpg") }
      #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("cut.jpg: not a readable JPEG ("))
    }
    _ = try Image.decode(whole, path: "whole.jpg")
  }

  /// Damage gives a picture or an error, never a crash; the picture has the size its header claims.
  @Test(arguments: ["planet", "cmyk-adobe", "ycbcr-420", "progressive", "restarts"])
  func flippedBits(name: String) throws {
    let whole = try Golden.bytes("jpeg/\(name).jpg")
    var random = NumpyRandom(seed: 3)
    var decoded = 0
    for _ in 0..<1500 {
      var bytes = whole
      for _ in 0...random.next() % 4 { bytes[Int(random.next()) % bytes.count] ^= 1 << UInt8(random.next() % 8) }
      if let image = try? Image.decode(bytes, path: "flipped.jpg") {
        #expect(image.pixels.count == image.width * image.height * 3)
        decoded += 1
      }
    }
    #expect(decoded > 100 && decoded < 1500)
  }

  @Test func refusals() throws {
    func reason(_ bytes: [UInt8]) -> String {
      do throws(ImageError) {
        _ = try Image.decode(bytes, path: "x.jpg")
        return "decoded"
      } catch {
        return "\(error)"
      }
    }
    #expect(reason([]).contains("empty"))
    #expect(reason([0x89] + Array("PNG".utf8)).contains("(it is a PNG picture)"))
    #expect(reason(Array("text".utf8)).contains("does not begin as one"))
    #expect(reason([0xFF, 0xD8, 0xFF]).hasPrefix("x.jpg: not a readable JPEG ("))
    var whole = try Golden.bytes("jpeg/ycbcr-444.jpg")
    let frame = try #require(whole.indices.first { whole[$0...].starts(with: [0xFF, 0xC0]) })
    whole.replaceSubrange(frame + 5..<frame + 9, with: [0x20, 0x00, 0x20, 0x00])
    #expect(reason(whole).contains("cannot hold 8192 × 8192"))
    whole.replaceSubrange(frame + 5..<frame + 9, with: [0xC0, 0x00, 0xC0, 0x00])
    #expect(reason(whole).contains("49152 × 49152 is larger"))
  }

  @Test func files() throws {
    #expect(throws: ImageError.self) { try Image.decode("/none.jpg") }
    #expect(throws: ImageError.unreadable(path: "/dev/zero", reason: "not a regular file")) {
      try Image.decode("/dev/zero")
    }
    #expect(throws: ImageError.unreadable(path: "/", reason: "not a regular file")) { try Image.decode("/") }
  }
}
