/// What a ``BatchLoader`` loads for one batch.
public struct BatchLoad: Sendable, Equatable {
  /// Indices into the samples; may be empty.
  public let indices: [Int]
  /// What is mixed into each of them; empty if nothing is.
  public let partners: [Mixup.Partner]

  public init(_ indices: [Int], partners: [Mixup.Partner] = []) {
    precondition(partners.isEmpty || partners.count == indices.count, "\(partners.count) partners")
    (self.indices, self.partners) = (indices, partners)
  }

  func partner(_ position: Int) -> Mixup.Partner? { partners.isEmpty ? nil : partners[position] }
}
