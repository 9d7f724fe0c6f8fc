import Files
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
  /// Whether a launcher started this process; otherwise it is a job of its own.
  public let isPresent: Bool
  /// The hosts of the job, as the launcher writes them ("node[1-2]"), or how many there are; nil if there is only one.
  public let hosts: String?
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
    let world = first(sizes)
    size = world
    isPresent = size != nil || first(ranks) != nil
    // On mpirun's own host Open MPI says how many hosts there are, elsewhere also which.
    let count = first(["OMPI_MCA_orte_num_nodes", "SLURM_STEP_NUM_NODES"])?.0
    let local = first(["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"])?.0
    let names = environment["OMPI_MCA_orte_node_regex"].map(Self.names) ?? environment["SLURM_STEP_NODELIST"]
    let isOne = count.map { $0 == 1 } ?? local.map { $0 == world?.0 } ?? (world?.0 ?? 1 == 1)
    hosts = isOne ? nil : names ?? count.map { "\($0) hosts" } ?? "several hosts"
    isMpirun = environment["OMPI_COMM_WORLD_SIZE"] != nil
  }

  // Open MPI 4 writes "node[2:01-16]@0(16)": before a colon how many digits a number has, and behind the @ what runs there.
  private static func names(_ regex: String) -> String {
    let parts = (regex.parts(by: "@").first ?? "").parts(by: "[").map { $0.parts(by: ":").last ?? "" }
    return parts.joined(separator: "[")
  }
}
