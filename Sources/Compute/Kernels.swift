import CKernels

/// A set of kernels for one instruction set. `Sendable`: the table it points to is a constant of the program.
public struct Kernels: @unchecked Sendable {
  let set: UnsafePointer<pd_set>

  /// The instruction set, for people: "AMX", "AVX-512 BF16", "AVX-512", "AVX2", "AMX emulated", "portable".
  public var name: String { String(cString: set.pointee.name) }

  /// In which way a precision's numbers are rounded: sets of the same way compute the same bits.
  public func rounding(_ precision: Precision) -> String {
    if name == "portable" { return name }
    // All others have fused multiply-adds. Products of floats add them one by one, those of bf16 differently.
    switch products(precision) {
    case "tiles": return "AMX"
    case "pairs": return "AVX-512 BF16, Winograd"
    default: return precision == .fp32 ? "AVX2" : "AVX2, widened"
    }
  }

  /// What is multiplied: "floats", "pairs" of bf16, or pairs in "tiles".
  public func products(_ precision: Precision) -> String { String(cString: table(precision).pointee.products) }

  /// Every set this CPU can run, best first.
  public static let all: [Kernels] = {
    var count: Int32 = 0
    let sets = pd_sets(&count)
    return (0..<Int(count)).map { Kernels(set: sets[$0]) }
  }()

  /// Those that are meant to be fast.
  public static let fast = all.filter { $0.name != "AMX emulated" && ($0.name != "portable" || all.count == 1) }

  /// The set's functions for tensors of a precision.
  func table(_ precision: Precision) -> UnsafePointer<pd_kernels> { pd_set_kernels(set, precision.c) }

  /// The best set, or the one `wanted` names (`amx`, `avx512bf16`, `avx512`, `avx2`, `amx-emulated`, `portable`).
  ///
  /// - Throws: ``KernelError`` when that names none this CPU has.
  public static func choose(_ wanted: String?) throws(KernelError) -> Kernels {
    guard let wanted, !wanted.isEmpty else { return all[0] }
    let key = { (name: String) in name.lowercased().filter { $0.isLetter || $0.isNumber } }
    if let found = all.first(where: { key($0.name) == key(wanted) }) { return found }
    throw .unknownSet(wanted, available: all.map { key($0.name) })
  }
}

/// Why there are no kernels to compute with.
public enum KernelError: Error, CustomStringConvertible {
  case unknownSet(String, available: [String])

  public var description: String {
    switch self {
    case .unknownSet(let name, let available):
      "\(name): this CPU has no kernels of that name, only \(available.joined(separator: ", "))."
    }
  }
}
