import COpenBLAS

#if canImport(Glibc)
  import Glibc
#endif

/// Which of its kernels OpenBLAS uses.
public enum OpenBLAS {
  /// "SkylakeX", "Haswell", …
  public static var core: String { openblas_get_corename().map { String(cString: $0) } ?? "?" }

  /// Starts the program anew with better kernels where OpenBLAS does not know this CPU.
  ///
  /// OpenBLAS chooses when it is loaded, before any code of ours; a CPU younger than the library gets AVX2 kernels at
  /// best. One with AVX-512 runs SkylakeX's, at twice the speed. The user's own `OPENBLAS_CORETYPE` is left alone.
  /// Must be called first in a program. Returns where there is nothing to do, or it cannot be done.
  public static func chooseCore() {
    let chosen = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) } ?? ""
    guard chosen.isEmpty, ["Haswell", "Zen", "Prescott"].contains(core),
      Kernels.all[0].name.hasPrefix("AVX-512")
    else { return }
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}
