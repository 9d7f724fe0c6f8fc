extension Communicator {
  /// Does `work` on every rank, and goes on only if it succeeded on all.
  ///
  /// For whatever can fail on some ranks alone: opening files, reading options. Where it fails, all ranks throw at this
  /// point, instead of the healthy ones waiting in vain later: the lowest failing rank its own error, the others
  /// ``CommunicationError/rankFailed(rank:message:)`` with that rank's message. `work` itself must not communicate.
  public func agree<T>(_ work: () throws -> T) throws -> T {
    let result = Result { try work() }
    var own: String?
    if case .failure(let error) = result { own = String(describing: error) }
    guard let failed = try allGather(own != nil).firstIndex(of: true) else { return try result.get() }
    let message = try broadcast(Array((own ?? "").utf8), from: failed)
    if rank == failed { return try result.get() }
    throw CommunicationError.rankFailed(rank: failed, message: String(decoding: message, as: UTF8.self))
  }

  /// Does `work` on rank 0, and goes on only if it succeeded there: see ``agree(_:)``.
  ///
  /// - Returns: on rank 0 what `work` returned, on the others nil.
  @discardableResult public func onRoot<T>(_ work: () throws -> T) throws -> T? {
    try agree { rank == 0 ? try work() : nil }
  }

  /// Throws ``CommunicationError/different(what:ranks:advice:)``, on every rank, unless all have the same `hash`.
  ///
  /// The ranks outside the largest group of equals are named; of groups of one size, the one with the lowest rank is
  /// taken to be right.
  ///
  /// - Parameters:
  ///   - what: what is compared, as the message's subject: "parameters after epoch 3".
  ///   - advice: the message's last sentence.
  public func verifyIdentical(
    _ hash: UInt64, what: String,
    advice: String = "Check that every host has the same program, options and files."
  ) throws(CommunicationError) {
    let hashes = try allGather(hash)
    let groups = Dictionary(grouping: hashes.indices) { hashes[$0] }.values
    let majority = groups.max { ($0.count, $1[0]) < ($1.count, $0[0]) } ?? []
    let others = hashes.indices.filter { !majority.contains($0) }
    if !others.isEmpty { throw .different(what: what, ranks: others, advice: advice) }
  }

  /// As ``verifyIdentical(_:what:advice:)``, for a number of each host, to which its ranks contribute parts that are added.
  public func verifySameOnHosts(_ part: UInt64, what: String, advice: String) throws(CommunicationError) {
    let (firsts, parts) = (try allGather(hostRanks.lowerBound), try allGather(part))
    let sum = zip(firsts, parts).reduce(UInt64(0)) { $0 &+ ($1.0 == hostRanks.lowerBound ? $1.1 : 0) }
    try verifyIdentical(sum, what: what, advice: advice)
  }
}
