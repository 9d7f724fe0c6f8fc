import Collectives
import Runs

/// A second folder for a run's state and networks, kept by a rank of another host if there is one: what a lost host has saved is
/// not lost with it. It is a run's folder, from which a run can resume.
struct SecondCopy {
  let keeper: Int
  /// On the keeper alone, which holds it to the end.
  let run: OpenRun?

  /// Opens the folder. Collective.
  init(_ path: String, among communicator: Communicator) throws {
    // The lowest rank of the second host.
    let keeper = try communicator.allGather(communicator.hostRanks.lowerBound).first { $0 > 0 } ?? 0
    run = try communicator.agree { communicator.rank == keeper ? try OpenRun(path) : nil }
    self.keeper = keeper
  }
}
