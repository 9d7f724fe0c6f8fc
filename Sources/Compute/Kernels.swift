import CKernels

/// A set of kernels for one instruction set.
public struct Kernels: @unchecked Sendable {
  let table: UnsafePointer<pd_kernels>

  /// The instruction set, for people: "AVX-512", "AVX2", "portable".
  public var name: String { String(cString: table.pointee.name) }

  /// Every set this CPU can run, best first.
  public static let all: [Kernels] = {
    var count: Int32 = 0
    let sets = pd_kernels_all(&count)
    return (0..<Int(count)).map { Kernels(table: sets[$0]) }
  }()

  /// The best set, or the one `wanted` names (`avx512`, `avx2`, `portable`).
  ///
  /// - Parameter wanted: the environment variable `PLANET_ISA`.
  /// - Throws: ``KernelError`` when that names none this CPU has.
  public static func choose(_ wanted: String?) throws(KernelError) -> Kernels {
    guard let wanted, !wanted.isEmpty else { return all[0] }
    let key = { (name: String) in name.lowercased().filter { $0.isLetter || $0.isNumber } }
    if let found = all.first(where: { key($0.name) == key(wanted) }) { return found }
    throw .unknownSet(wanted, available: all.map { key($0.name) })
  }
}

public enum KernelError: Error, CustomStringConvertible {
  case unknownSet(String, available: [String])

  public var description: String {
    switch self {
    case .unknownSet(let name, let available):
      "PLANET_ISA=\(name): this CPU has no such kernels. Use one of \(available.joined(separator: ", ")), or unset it."
    }
  }
}

/// What arithmetic runs on: a kernel set and threads.
public struct Engine: Sendable {
  public let kernels: Kernels
  public let threads: Threads

  public init(kernels: Kernels, threads: Threads) {
    self.kernels = kernels
    self.threads = threads
  }
}
