/// Tables of labels that people can read: of a thousand labels they list the commonest.
extension Array {
  private static var longest: Int { 100 }

  /// The elements that `count` is highest for, in the array's order.
  func commonest(by count: (Element) -> Int) -> [Element] {
    indices.sorted { (count(self[$1]), $0) < (count(self[$0]), $1) }.prefix(Self.longest).sorted().map { self[$0] }
  }

  /// "… and 900 rarer ones; --json lists all"; nil where all are shown.
  var describeRest: String? {
    count > Self.longest ? "… and \(count - Self.longest) rarer ones; --json lists all" : nil
  }
}

extension String {
  /// A label cut so short that the table's columns stay in place.
  var clipped: String { unicodeScalars.count > 60 ? String(unicodeScalars.prefix(59)) + "…" : self }
}
