/// Something about a dataset that its owner should know.
public struct Finding: Codable, Equatable, Sendable {
  /// What kind of thing, the worst first.
  public enum Kind: String, Codable, CaseIterable, Sendable {
    case malformedRow = "malformed_row"
    case unusableName = "unusable_name"
    case missingImage = "missing_image"
    case unusableImage = "unusable_image"
    case refusedDamage = "refused_damage"
    case untrainable
    case unknownTag = "unknown_tag"
    case unvalidatedLabel = "unvalidated_label"
    case rareLabel = "rare_label"
    case repeatedTag = "repeated_tag"
    case untaggedRow = "untagged_row"
    case unlabelledImage = "unlabelled_image"
    case damagedImage = "damaged_image"
    case rotatedImage = "rotated_image"
    case oddSize = "odd_size"
    case repeatedImage = "repeated_image"

    /// Whether training would stop at it, now or when it comes to the image.
    public var isError: Bool {
      switch self {
      case .malformedRow, .unusableName, .missingImage, .unusableImage, .refusedDamage, .untrainable: true
      default: false
      }
    }

    /// The heading of a list of such findings.
    public var heading: String {
      switch self {
      case .malformedRow: "wrong lines of the label file"
      case .unusableName: "files whose names cannot be used"
      case .missingImage: "rows without image"
      case .unusableImage: "images that cannot be used"
      case .refusedDamage: "damaged images, which are refused"
      case .untrainable: "what the recipe cannot be trained for"
      case .unknownTag: "tags left out, because no training image has them"
      case .unvalidatedLabel: "labels that no validation image has"
      case .rareLabel: "labels of fewer than \(Finding.rare) training images"
      case .repeatedTag: "rows that repeat a tag"
      case .untaggedRow: "rows without tags"
      case .unlabelledImage: "images without row"
      case .damagedImage: "images that are damaged, but can be decoded"
      case .rotatedImage: "images that EXIF would turn; like fastai, training takes them as they are stored"
      case .oddSize: "images of another size than most"
      case .repeatedImage: "images that are there already"
      }
    }
  }

  /// Labels of fewer training images are reported.
  static let rare = 10

  public let kind: Kind
  /// What it is about: a line, a row's or a file's name, a label.
  public let subject: String
  /// What more there is to say; may be empty.
  public let detail: String

  public init(_ kind: Kind, _ subject: String, _ detail: String = "") {
    (self.kind, self.subject, self.detail) = (kind, subject, detail)
  }

  /// A line for each kind, with the first few of its findings.
  static func summaries(_ findings: [Finding]) -> [String] {
    Kind.allCases.compactMap { kind in
      let ofKind = findings.filter { $0.kind == kind }
      guard !ofKind.isEmpty else { return nil }
      let first = ofKind.prefix(5).map { $0.subject + ($0.detail.isEmpty ? "" : " (\($0.detail))") }
      let rest = ofKind.count > first.count ? ", … \(ofKind.count) in all" : ""
      return "\(kind.heading): \(first.joined(separator: ", "))\(rest)"
    }
  }
}
