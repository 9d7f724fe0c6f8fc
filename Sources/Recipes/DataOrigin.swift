public import Compute
import Files
import Foundation
public import PlanetData

/// Which data a saved file was made of: part of every model, training state, export and file of thresholds. Images are
/// told by their names, so that data that were copied or put into another order are the same data.
public struct DataOrigin: Codable, Equatable, Sendable {
  /// The images, by name.
  public struct Images: Codable, Equatable, Sendable {
    public let count: Int
    /// A hash of the names, in the order of their bytes.
    public let digest: String
    /// The images that were judged with, in the order drawn: what a run held out, or what thresholds were chosen on.
    public let heldOut: [String]
    /// The images that the weights were trained on, also by runs before, of other data or another split. Thresholds have
    /// none.
    public internal(set) var trainedOn: [String]

    private enum CodingKeys: String, CodingKey {
      case count, digest
      case heldOut = "held_out"
      case trainedOn = "trained_on"
    }
  }

  /// Nil where a file does not say: it was saved before files did, or there are too many names.
  public internal(set) var images: Images?
  /// Where they were, as absolute paths; nil in files of before.
  public let place: DataLocation?
  /// How they were split.
  public let validPct: Double
  public let splitSeed: UInt32
  /// What the network was computed in.
  public let precision: Precision

  enum CodingKeys: String, CodingKey {
    case images, place, precision
    case validPct = "valid_pct"
    case splitSeed = "split_seed"
  }

  /// The origin of what a configuration trains on a dataset, from weights that saw none of it before.
  public init(_ dataset: Dataset, _ configuration: Configuration) {
    let names = dataset.names
    images = Images(
      count: names.count, digest: Self.digest(names), heldOut: dataset.valid.map { names[$0] },
      trainedOn: dataset.train.map { names[$0] })
    place = dataset.location.absolute
    (validPct, splitSeed) = (configuration.validPct, configuration.splitSeed)
    precision = configuration.precision
  }

  /// The origin of thresholds that were chosen on some images of a dataset.
  ///
  /// - Parameter network: the origin of the network that said how likely each label is.
  public init(chosenOn images: [Int], of dataset: Dataset, network: DataOrigin, precision: Precision) {
    let names = dataset.names
    self.images = Images(
      count: names.count, digest: Self.digest(names), heldOut: images.map { names[$0] }, trainedOn: [])
    place = dataset.location.absolute
    (validPct, splitSeed, self.precision) = (network.validPct, network.splitSeed, precision)
  }

  /// The same for the same names in any order and normal form.
  static func digest(_ names: [String]) -> String {
    var hash = Fingerprint()
    for name in names.map({ Array($0.precomposedStringWithCanonicalMapping.utf8) })
      .sorted(by: { $0.lexicographicallyPrecedes($1) })
    {
      hash.add(name + [0xFF])
    }
    return "fnv1a64:" + String(hash.value, radix: 16)
  }
}

extension DataOrigin {
  /// The places of the images held out, in the order drawn; nil where `names` are not the images it was made of. A file
  /// that does not name its images is believed to be made of these.
  public func heldOut(among names: [String]) -> [Int]? {
    guard let images else { return Split(count: names.count, validPct: validPct, seed: splitSeed).valid }
    return images.digest == Self.digest(names) ? Self.places(of: images.heldOut, among: names) : nil
  }

  /// The places of the images that the weights were trained on.
  public func trained(among names: [String]) -> [Int] {
    guard let images else { return Split(count: names.count, validPct: validPct, seed: splitSeed).train }
    return Self.places(of: images.trainedOn, among: names)
  }

  /// The same data, with weights that another origin's run had trained before.
  ///
  /// - Parameter names: the data's, for an origin that does not name its images.
  public func following(_ earlier: DataOrigin, among names: [String]) -> DataOrigin {
    guard let known = images?.trainedOn else { return self }
    var result = self
    let seen = Set(known)
    result.images?.trainedOn += (earlier.images?.trainedOn ?? earlier.trained(among: names).map { names[$0] })
      .filter { !seen.contains($0) }
    return result
  }

  private static func places(of chosen: [String], among names: [String]) -> [Int] {
    let places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    return chosen.compactMap { places[$0] }
  }
}
