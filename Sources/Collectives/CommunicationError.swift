import Foundation

/// Why ranks could not work together. After any of them a communicator is of no more use, except after
/// ``rankFailed(rank:message:)`` and ``different(what:ranks:advice:)``, which all ranks learn together.
public enum CommunicationError: Error, Equatable, CustomStringConvertible {
  /// `peer` did not come to `operation` in time; `name` is what people call it.
  case timedOut(operation: String, rank: Int, peer: Int, name: String, seconds: Double)
  /// Ranks, as people call them, gave no sign of life.
  case silent(ranks: [String], seconds: Double)
  /// `peer` is in another operation, or in the same one with another length.
  case mismatched(operation: String, rank: Int, peer: Int, detail: String)
  /// `peer` failed and will not come; it reports why.
  case abandoned(operation: String, rank: Int, peer: Int)
  /// MPI itself failed.
  case library(operation: String, rank: Int, reason: String)
  /// This process could not become part of a job.
  case notJoined(reason: String)
  /// The job's processes did not find each other in so many seconds. `hosts`: nil if all run on one; `networks`: this one's.
  case notFound(seconds: Double, hosts: String?, networks: [String])
  /// Work that every rank had to complete failed on `rank` with `message`; see ``Communicator/agree(_:)``.
  case rankFailed(rank: Int, message: String)
  /// What must be the same everywhere is not; see ``Communicator/verifyIdentical(_:what:advice:)``.
  case different(what: String, ranks: [Int], advice: String)
  /// The ranks need more memory, in bytes, than the budget they share.
  case tooLarge(bytes: Double, Budget)
  /// The ranks of a host share memory, but not so much more.
  case notShared(bytes: Int, reason: String)

  public var description: String {
    switch self {
    case .timedOut(let operation, let rank, _, let name, let seconds):
      """
      \(operation): \(name) did not come within \(Self.text(seconds)) s. It hangs, or is much slower than \
      rank \(rank), which waited: look at its host, or allow more time.
      """
    case .silent(let ranks, let seconds):
      """
      \(ranks.joined(separator: ", ")): no sign of life for \(String(format: "%.0f", seconds)) s. The process is stopped or its host down, \
      cut off, or out of memory: look there. To stop one in a debugger: --heartbeat 0.
      """
    case .mismatched(let operation, let rank, let peer, let detail):
      """
      \(operation): rank \(peer) is elsewhere than rank \(rank) (\(detail)). Start every rank with the same program \
      and the same options.
      """
    case .abandoned(let operation, let rank, let peer):
      "\(operation): rank \(peer) failed while rank \(rank) waited. See rank \(peer)'s error."
    case .library(let operation, let rank, let reason):
      "\(operation): MPI failed on rank \(rank) (\(reason)). Check the network between the hosts, then start again."
    case .notJoined(let reason):
      "MPI: \(reason). Start with `mpirun -np N` of the Open MPI this program is linked with."
    case .notFound(let seconds, let hosts?, let networks):
      """
      the ranks on \(hosts) did not reach one another within \(Self.text(seconds)) s. If hosts are in several networks, name \
      the one that joins them: `mpirun --mca btl_tcp_if_include 10.0.0.0/24 --mca oob_tcp_if_include 10.0.0.0/24 …`, with \
      srun `OMPI_MCA_btl_tcp_if_include=…` (this host: \(networks.joined(separator: ", "))). A firewall must let them reach each other, at the ports that \
      cluster/README.md names. Or a rank hangs; more time: --join-timeout.
      """
    case .notFound(let seconds, nil, _):
      """
      not every rank came within \(Self.text(seconds)) s. One hangs, was stopped, or is another program: look at this \
      host's processes. More time: --join-timeout.
      """
    case .rankFailed(let rank, let message):
      "rank \(rank): \(message)"
    case .different(let what, let ranks, let advice):
      "\(what): not the same on \(Self.list(ranks)) as on the other ranks. \(advice)"
    case .notShared(let bytes, let reason):
      "memory: this host's ranks cannot share \(String(format: "%.1f", Double(bytes) / 1e9)) GB more (\(reason))."
    case .tooLarge(let bytes, let budget):
      "memory: \(budget.owner == nil ? "each rank" : "this host's ranks") would need about \(Self.gigabytes(bytes, budget.amount)) is allowed (\(budget.source))."
    }
  }

  private static func list(_ ranks: [Int]) -> String {
    (ranks.count == 1 ? "rank " : "ranks ") + ranks.map(String.init).joined(separator: ", ")
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() && seconds < 1e9 ? String(Int(seconds)) : String(seconds)
  }

  /// "2 GB, and 1": with as many decimals as it takes to tell two amounts apart.
  private static func gigabytes(_ needed: Double, _ allowed: Double) -> String {
    let texts = (0...3).map { digits in [needed, allowed].map { String(format: "%.\(digits)f", max(0, $0) / 1e9) } }
    let text = texts.first { $0[0] != $0[1] && Double($0[1]) != 0 } ?? texts[3]
    return "\(text[0]) GB, and \(text[1])"
  }
}
