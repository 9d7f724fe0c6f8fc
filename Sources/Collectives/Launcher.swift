import Foundation

/// What the program that started this process says in environment variables: known before MPI starts, and where MPI does
/// not understand that program.
///
/// Slurm's `SLURM_NTASKS` is not among them: it describes an allocation, in whose batch script a plain command is one
/// process. Only what `srun` starts is in a step.
public struct Launcher: Sendable {
  /// This process's rank; 0 without a launcher.
  public let rank: Int
  /// The number of ranks, and the variable that tells it; nil without a launcher that does.
  public let size: (ranks: Int, variable: String)?
  /// Whether Open MPI's mpirun started it.
  public let isMpirun: Bool

  public static let current = Launcher(ProcessInfo.processInfo.environment)

  /// The first launcher that left its mark decides: what `srun` started may well run `mpirun -np 1`.
  init(_ environment: [String: String]) {
    let sizes = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"]
    var ranks = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"]
    if environment["SLURM_STEP_NUM_TASKS"] != nil { ranks.append("SLURM_PROCID") }
    func first(_ variables: [String]) -> (Int, String)? {
      variables.lazy.compactMap { name in environment[name].flatMap { Int($0) }.map { ($0, name) } }.first
    }
    rank = first(ranks)?.0 ?? 0
    size = first(sizes)
    isMpirun = environment["OMPI_COMM_WORLD_SIZE"] != nil
  }
}
