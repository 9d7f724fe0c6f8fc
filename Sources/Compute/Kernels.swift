import CKernels

/// A set of kernels for one instruction set. `Sendable`: the table it points to is a constant of the program.
public struct Kernels: @unchecked Sendable {
  let set: UnsafePointer<pd_set>

  /// The instruction set, for people: "AVX-512 BF16", "AVX-512", "AVX2", "portable".
  public var name: String { String(cString: set.pointee.name) }

  /// In which way a precision's numbers are rounded: sets of the same way compute the same bits.
  public func rounding(_ precision: Precision) -> String {
    if name == "portable" { return name }
    // Only this set multiplies pairs of bf16; all others widen them, and have fused multiply-adds.
    return precision == .bf16 && name == "AVX-512 BF16" ? name : "AVX2"
  }

  /// Every set this CPU can run, best first.
  public static let all: [Kernels] = {
    var count: Int32 = 0
    let sets = pd_sets(&count)
    return (0..<Int(count)).map { Kernels(set: sets[$0]) }
  }()

  /// The set's functions for tensors of a precision.
  func table(_ precision: Precision) -> UnsafePointer<pd_kernels> { pd_set_kernels(set, precision.c) }

  /// The best set, or the one `wanted` names (`avx512bf16`, `avx512`, `avx2`, `portable`).
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
