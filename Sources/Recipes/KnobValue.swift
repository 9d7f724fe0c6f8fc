import Compute
import ResNet

/// A type of values that recipes set.
public protocol KnobValue: Sendable {
  /// The value as a recipe's file has it.
  var text: String { get }
  /// What a file says under a key; nil where it says nothing.
  static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> Self?
}

extension Int: KnobValue {
  public var text: String { String(self) }
  public static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> Int? {
    guard let text = try mapping.scalar(key) else { return nil }
    guard let number = Int(text) else { throw mapping.error(key, "must be a whole number, not '\(text)'") }
    return number
  }
}

/// A seed.
extension UInt32: KnobValue {
  public var text: String { String(self) }
  public static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> UInt32? {
    guard let number = try Int.read(key, from: &mapping) else { return nil }
    if let complaint = Limits.seed.complaint(about: number) { throw mapping.error(key, complaint) }
    return UInt32(number)
  }
}

extension Double: KnobValue {
  public var text: String { String(self) }
  public static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> Double? {
    guard let text = try mapping.scalar(key) else { return nil }
    guard let number = Limits.number(text) else { throw mapping.error(key, "must be a number, not '\(text)'") }
    return number
  }
}

extension Bool: KnobValue {
  public var text: String { String(self) }
  public static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> Bool? {
    guard let text = try mapping.scalar(key) else { return nil }
    guard let flag = ["true": true, "false": false][text] else {
      throw mapping.error(key, "must be true or false, not '\(text)'")
    }
    return flag
  }
}

extension KnobValue where Self: RawRepresentable<String> & CaseIterable {
  public var text: String { rawValue }
  public static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> Self? {
    guard let text = try mapping.scalar(key) else { return nil }
    guard let choice = Self(rawValue: text) else {
      throw mapping.error(key, "must be \(allCases.map(\.rawValue).joined(separator: " or ")), not '\(text)'")
    }
    return choice
  }
}

extension Configuration.BatchNormScope: KnobValue {}
extension Precision: KnobValue {}
extension VirtualRanks: KnobValue {}
extension Architecture: KnobValue {}

/// Nil, for never, is YAML's null.
extension Configuration.EarlyStopping?: KnobValue {
  public var text: String {
    guard let self else { return "null" }
    return "{" + Knobs.earlyStopping.map { "\($0.key): \($0.text(of: self))" }.joined(separator: ", ") + "}"
  }

  public static func read(
    _ key: String, from mapping: inout RecipeMapping
  ) throws(RecipeError) -> Configuration.EarlyStopping?? {
    guard var inner = try mapping.mapping(key) else { return nil }
    var stopping = Configuration.EarlyStopping()
    for knob in Knobs.earlyStopping { try knob.read(from: &inner, into: &stopping) }
    try inner.finish()
    return .some(stopping)
  }
}

/// A stage's peak learning rates, one for each layer group; a file must have them.
extension [Double]: KnobValue {
  public var text: String { "[\(map { "\($0)" }.joined(separator: ", "))]" }
  public static func read(_ key: String, from mapping: inout RecipeMapping) throws(RecipeError) -> [Double]? {
    try mapping.learningRates(key)
  }
}
