import ArgumentParser
import Files
import Recipes

extension Knob {
  /// The help of the option that sets it.
  ///
  /// - Parameter standard: what it is without the option, where that is not the knob's own.
  func help(_ standard: String? = nil) -> ArgumentHelp {
    ArgumentHelp("\(meaning). Default: \(standard ?? self.standard).")
  }
}

extension [Setting<Configuration>] {
  /// Refuses a value that no recipe may have.
  func check() throws { for setting in self { try setting.check() } }
  func apply(to recipe: inout Configuration) { for setting in self { setting.apply(&recipe) } }
}

extension Setting {
  /// Refuses a value that no recipe may have.
  func check() throws {
    guard let complaint else { return }
    let option = "--" + key.parts(by: "_").joined(separator: "-")
    throw ValidationError("\(option) \(complaint).")
  }
}

extension ClosedRange {
  /// Throws "OPTION must be …, not …." for a value outside.
  func check(_ option: String, _ value: Bound) throws {
    if let complaint = complaint(about: value) { throw ValidationError("\(option) \(complaint).") }
  }
}
