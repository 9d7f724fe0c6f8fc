/// One value that a recipe sets. Whatever reads, writes, checks or explains it, in files and on the command line, does so
/// by its entry in ``Knobs``.
public struct Knob<Root, Value: KnobValue>: Sendable {
  /// Its name in files, such as `batch_size`.
  public let key: String
  /// What it is, as the option's help begins.
  public let meaning: String
  /// What it is where nobody sets it, in words.
  public let standard: String
  /// What a recipe's file says behind it; nil for nothing.
  let comment: String?
  private let path: any WritableKeyPath<Root, Value> & Sendable
  private let complaint: @Sendable (Value) -> String?

  /// - Parameter complaint: says what is wrong with a value; nil where nothing is.
  init(
    _ key: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ meaning: String = "", standard: String = "",
    comment: String? = nil, complaint: @escaping @Sendable (Value) -> String? = { _ in nil }
  ) {
    (self.key, self.path, self.meaning, self.standard) = (key, path, meaning, standard)
    (self.comment, self.complaint) = (comment, complaint)
  }

  /// What becomes of a root where `value` is given.
  public func setting(_ value: Value?) -> Setting<Root> {
    Setting(
      key: key, complaint: value.flatMap(complaint),
      apply: { [path] root in if let value { root[keyPath: path] = value } })
  }
}

/// A knob's value that somebody gave, or did not give.
public struct Setting<Root> {
  /// The knob's name in files, such as `batch_size`.
  public let key: String
  /// What is wrong with the value: "must be 2 to 65536, not 1"; nil where nothing is.
  public let complaint: String?
  /// Sets it, if it was given.
  public let apply: (inout Root) -> Void
}

/// A knob of whatever type, in a recipe's file.
protocol FileKnob<Root>: Sendable {
  associatedtype Root
  var key: String { get }
  var comment: String? { get }
  /// The value as the file has it.
  func text(of root: Root) -> String
  /// Sets it to what the file says, if that says anything.
  func read(from mapping: inout RecipeMapping, into root: inout Root) throws(RecipeError)
}

extension Knob: FileKnob {
  func text(of root: Root) -> String { root[keyPath: path].text }

  func read(from mapping: inout RecipeMapping, into root: inout Root) throws(RecipeError) {
    guard let value = try Value.read(key, from: &mapping) else { return }
    if let complaint = complaint(value) { throw mapping.error(key, complaint) }
    root[keyPath: path] = value
  }
}
