import Files

/// How the tensors of a file differ from the expected ones, listed so that one look tells a typo from a wrong network.
public struct TensorDifferences: Equatable, Sendable, CustomStringConvertible {
  /// Expected and not there, in the expected order.
  public let missing: [String]
  /// There and not expected, sorted.
  public let unexpected: [String]
  /// There in another shape: "conv1.weight is [64, 3, 3, 3] instead of [64, 3, 7, 7]".
  public let misshapen: [String]

  public var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

  public var description: String {
    var parts = [
      Self.list(missing, "missing"), Self.list(unexpected, "unexpected"), Self.list(misshapen, "of another shape"),
    ].compactMap { $0 }
    if !unexpected.isEmpty, unexpected.allSatisfy({ $0.begins(with: "module.") }) {
      parts.append("the names begin with 'module.', so save model.module.state_dict() of the DataParallel model")
    }
    return parts.joined(separator: "; ")
  }

  /// How many are named of each kind; the count says how many there are.
  static let listed = 10

  private static func list(_ names: [String], _ what: String) -> String? {
    guard !names.isEmpty else { return nil }
    let more = names.count > listed ? ", …" : ""
    return "\(names.count) \(what) (\(names.prefix(listed).joined(separator: ", "))\(more))"
  }
}

extension TensorFile {
  /// Checks that the file holds exactly the expected tensors, and those of `ignored` at will.
  ///
  /// - Parameters:
  ///   - expected: names and shapes as in PyTorch's `state_dict`, integers left out.
  ///   - ignored: tensors a file may have that are not wanted, such as the `fc.weight` of a classifier's body.
  /// - Throws: ``CheckpointError/mismatched(path:differences:)`` with all differences.
  public func check(
    against expected: [(name: String, shape: [Int])], ignoring ignored: Set<String> = []
  ) throws(CheckpointError) {
    let known = ignored.union(expected.map(\.name))
    let differences = TensorDifferences(
      missing: expected.map(\.name).filter { tensors[$0] == nil },
      unexpected: tensors.keys.filter { !known.contains($0) }.sorted(),
      misshapen: expected.compactMap { name, shape in
        guard let found = tensors[name]?.shape, found != shape else { return nil }
        return "\(name) is \(found) instead of \(shape)"
      })
    guard differences.isEmpty else { throw .mismatched(path: path, differences: differences) }
  }
}
