import CCollectives

/// Where a rank runs among the others: what a default number of threads is made from.
public struct Placement: Equatable, Sendable {
  /// Ranks on this host.
  public var localSize: Int
  /// Processors this rank may run on. `mpirun` binds ranks, so this can be fewer than the host has.
  public var cores: Int
  /// Ranks, this one included, that share exactly these processors.
  public var ranksSharingCores: Int

  /// Threads that keep this rank's share of the processors busy, at least 1.
  public var threads: Int { max(1, cores / ranksSharingCores) }
}

extension Communicator {
  /// Where this rank runs. All ranks call it together.
  public func placement() throws(CommunicationError) -> Placement {
    let hosts = try allGather(pd_host_hash())
    let cores = try allGather(pd_cores_hash())
    return Placement(
      localSize: hosts.count { $0 == hosts[rank] }, cores: Int(pd_allowed_cores()),
      ranksSharingCores: cores.count { $0 == cores[rank] })
  }
}
