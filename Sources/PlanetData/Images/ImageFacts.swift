public import Compute
import Files

/// What opening an image tells.
public struct ImageFacts: Codable, Equatable, Sendable {
  /// 0 for an image that cannot be used.
  public let width: Int
  public let height: Int
  /// Hashes of the file and of its decoded pixels.
  public let bytes: UInt64
  public let pixels: UInt64
  /// Why the image cannot be used; nil if it can.
  public let problem: String?
  /// What is wrong with the data of an image that can be decoded, in its decoder's words.
  public let damage: String?
  /// How EXIF wants the image turned, 2 to 8; nil for not at all.
  public let orientation: Int?

  /// Reads and decodes the image.
  init(path: String) {
    var (bytes, pixels) = (Fingerprint(), Fingerprint())
    var (damage, orientation): (String?, Int?) = (nil, nil)
    do throws(ImageError) {
      let file = try Image.read(path)
      bytes.add(file)
      let image: Image
      (image, damage) = try Image.examine(file, path: path)
      pixels.add(image.pixels)
      orientation = ImageFormat.of(file)?.orientation(file)
      (width, height, problem) = (image.width, image.height, nil)
    } catch {
      (width, height, problem) = (0, 0, error.reason)
    }
    (self.bytes, self.pixels, self.damage, self.orientation) = (bytes.value, pixels.value, damage, orientation)
  }

  /// The facts about images of a folder, in their order.
  public static func scan(_ names: some Collection<String>, in folder: String, threads: Threads) -> [ImageFacts] {
    let names = Array(names)
    return unsafe [ImageFacts](unsafeUninitializedCapacity: names.count) { buffer, filled in
      threads.split(names.count) { _, part in
        for i in part { unsafe buffer.initializeElement(at: i, to: ImageFacts(path: FilePath.join(folder, names[i]))) }
      }
      filled = names.count
    }
  }

  /// Width and height of most images; of several equally common, the largest. Nil where no image can be used.
  public static func usualSize(_ facts: [ImageFacts]) -> [Int]? {
    var counts: [[Int]: Int] = [:]
    for fact in facts where fact.problem == nil { counts[[fact.width, fact.height], default: 0] += 1 }
    return counts.max { ($0.value, $0.key[0], $0.key[1]) < ($1.value, $1.key[0], $1.key[1]) }?.key
  }
}
