import ResNet

/// The values a recipe's knobs may have, wherever they are set.
public enum Limits {
  public static let epochs = 0...100_000
  public static let size = Architecture.smallestImage...4096
  public static let batchSize = 2...65536
  public static let seed = 0...Int(UInt32.max)
  public static let patience = 0...100_000
  /// The place of a stage in its recipe; no recipe has a thousand stages.
  public static let stageIndex = 0...1000
  /// Weight decay, dropout, label smoothing, the decay of averaged weights, an improvement that counts, and the
  /// fraction for validation.
  public static let fraction = 0.0..<1.0
  /// mixup's α; 0 is none. Below 0.05 hardly anything is mixed.
  public static let mixup = 0.0...1.0
  /// Smaller ones change no fp32 weight, and their ratios would not be finite numbers.
  public static let learningRate = 1e-30...1e6

  /// A number as people write it, in decimal digits; nil for what only programmers write (`0x1p-3`) and what is none.
  static func number(_ text: String) -> Double? {
    let isDecimal = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    return isDecimal ? Double(text) : nil
  }
}

extension ClosedRange {
  /// What is wrong with a value: "must be 2 to 65536, not 1"; nil where nothing is. A NaN is always wrong.
  public func complaint(about value: Bound) -> String? {
    contains(value) ? nil : "must be \(lowerBound) to \(upperBound), not \(value)"
  }
}

extension Range {
  /// What is wrong with a value: "must be in 0.0..<1.0, not 1.0"; nil where nothing is. A NaN is always wrong.
  public func complaint(about value: Bound) -> String? {
    contains(value) ? nil : "must be in \(lowerBound)..<\(upperBound), not \(value)"
  }
}
