import COpenBLAS

#if canImport(Glibc)
  import Glibc
#endif

/// Which of its kernels OpenBLAS uses.
public enum OpenBLAS {
  /// "SkylakeX", "Haswell", …
  public static var core: String { openblas_get_corename().map { String(cString: $0) } ?? "?" }

  /// Starts the program anew with the kernels that every CPU with AVX2 runs, unless OpenBLAS has chosen them already.
  ///
  /// OpenBLAS chooses when it is loaded, before any code of ours, and each of its choices adds up in another order: a run
  /// moved to another CPU would change its bits. The head's products, under 1 % of the arithmetic, need no faster ones.
  /// The user's own `OPENBLAS_CORETYPE` is left alone. Must be called first in a program. Returns where there is nothing
  /// to do, or it cannot be done.
  public static func chooseCore() {
    let (common, chosen) = ("Haswell", getenv("OPENBLAS_CORETYPE").map { String(cString: $0) } ?? "")
    guard chosen.isEmpty, core != common, Kernels.all.contains(where: { $0.name == "AVX2" }) else { return }
    setenv("OPENBLAS_CORETYPE", common, 1)
    // By its own name, as which ps and pkill know it, rather than as "exe".
    if let program = realpath("/proc/self/exe", nil) {
      execv(program, CommandLine.unsafeArgv)
      free(program)
    }
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}
