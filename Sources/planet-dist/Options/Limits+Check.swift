import ArgumentParser
import Recipes

extension ClosedRange {
  /// Throws "OPTION must be …, not …." for a value outside. One that was not given is right.
  func check(_ option: String, _ value: Bound?) throws {
    if let value, let complaint = complaint(about: value) { throw ValidationError("\(option) \(complaint).") }
  }
}

extension Range {
  /// Throws "OPTION must be …, not …." for a value outside. One that was not given is right.
  func check(_ option: String, _ value: Bound?) throws {
    if let value, let complaint = complaint(about: value) { throw ValidationError("\(option) \(complaint).") }
  }
}
