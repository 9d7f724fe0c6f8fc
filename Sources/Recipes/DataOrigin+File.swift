import Compute
import Foundation
import PlanetData

/// How it stands in files: as JSON.
extension DataOrigin {
  /// The key in the metadata of models and exports.
  public static let key = "data"

  /// The same text for equal origins.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// What a model's metadata say; of a model that was saved before they did, what its recipe says.
  public init?(metadata: [String: String]) {
    guard let text = metadata[Self.key] else {
      self.init(recipe: metadata["recipe"] ?? "")
      return
    }
    guard let origin = try? JSONDecoder().decode(DataOrigin.self, from: Data(text.utf8)) else { return nil }
    self = origin
  }

  private init?(recipe: String) {
    struct SplitKnobs: Decodable {
      var validPct: Double?
      var splitSeed: UInt32?
      var precision: Precision?
    }
    guard let knobs = try? JSONDecoder().decode(SplitKnobs.self, from: Data(recipe.utf8)) else { return nil }
    (images, place) = (nil, nil)
    (validPct, splitSeed) = (knobs.validPct ?? Recipe.validPct, knobs.splitSeed ?? Recipe.splitSeed)
    precision = knobs.precision ?? .fp32
    guard isSound else { return nil }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    images = try values.decodeIfPresent(Images.self, forKey: .images)
    place = try values.decodeIfPresent(DataLocation.self, forKey: .place)
    validPct = try values.decodeIfPresent(Double.self, forKey: .validPct) ?? Recipe.validPct
    splitSeed = try values.decodeIfPresent(UInt32.self, forKey: .splitSeed) ?? Recipe.splitSeed
    precision = try values.decodeIfPresent(Precision.self, forKey: .precision) ?? .fp32
    guard isSound else {
      throw DecodingError.dataCorruptedError(
        forKey: .images, in: values, debugDescription: "its images or their split contradict themselves")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    // The header of a safetensors file may have 100 MB, and a model must be readable above all.
    if let images, images.characters <= 32 << 20 { try values.encode(images, forKey: .images) }
    try values.encodeIfPresent(place, forKey: .place)
    try values.encode(validPct, forKey: .validPct)
    try values.encode(splitSeed, forKey: .splitSeed)
    try values.encode(precision, forKey: .precision)
  }

  private var isSound: Bool {
    Limits.fraction.contains(validPct) && images.map { Set($0.heldOut).count == $0.heldOut.count } ?? true
  }
}

extension DataOrigin.Images {
  fileprivate var characters: Int { (heldOut + trainedOn).reduce(0) { $0 + $1.utf8.count + 3 } }
}
