/// Into how many parts every batch is cut to be summed over, whatever the number of ranks. Ranks that divide them evenly
/// compute the same bits, and sums are a binary tree over them: powers of two.
public enum VirtualRanks: String, Codable, CaseIterable, Sendable {
  case one = "1"
  case two = "2"
  case four = "4"
  case eight = "8"
  case sixteen = "16"
  case thirtyTwo = "32"
  case sixtyFour = "64"

  /// As a number.
  public var count: Int {
    switch self {
    case .one: 1
    case .two: 2
    case .four: 4
    case .eight: 8
    case .sixteen: 16
    case .thirtyTwo: 32
    case .sixtyFour: 64
    }
  }
}
