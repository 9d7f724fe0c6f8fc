/// What an image's row says of it.
struct ImageUse: Equatable {
  let tags: Set<String>
  let validates: Bool

  /// What else to say of two images whose pixels are the same.
  func difference(from other: ImageUse) -> String {
    (tags == other.tags ? "" : ", with other tags")
      + (validates == other.validates ? "" : ", and only one of them validates")
  }
}

/// What shows when every image has been opened.
extension Finding {
  /// - Parameters:
  ///   - facts: about `names`, in their order.
  ///   - strict: whether damaged images are refused.
  ///   - uses: what their rows say of them, in the same order.
  static func inImages(
    _ names: [String], _ facts: [ImageFacts], strict: Bool = false, uses: [ImageUse]
  ) -> [Finding] {
    let usual = ImageFacts.usualSize(facts)
    var first: [Picture: Int] = [:]
    return names.indices.flatMap { i in
      let fact = facts[i]
      if let problem = fact.problem { return [Finding(.unusableImage, names[i], problem)] }
      var findings: [Finding] = []
      if let damage = fact.damage {
        findings.append(Finding(strict ? .refusedDamage : .damagedImage, names[i], damage))
      }
      if let turn = fact.orientation { findings.append(Finding(.rotatedImage, names[i], "orientation \(turn)")) }
      if let usual, usual != [fact.width, fact.height] {
        findings.append(Finding(.oddSize, names[i], "\(fact.width)×\(fact.height)"))
      }
      let picture = Picture(width: fact.width, height: fact.height, pixels: fact.pixels)
      if let twin = first[picture] {
        let same = facts[twin].bytes == fact.bytes ? "the same file as" : "the same pixels as"
        findings.append(
          Finding(.repeatedImage, names[i], "\(same) \(names[twin])\(uses[twin].difference(from: uses[i]))"))
      } else {
        first[picture] = i
      }
      return findings
    }
  }

  private struct Picture: Hashable {
    let width: Int
    let height: Int
    let pixels: UInt64
  }
}
