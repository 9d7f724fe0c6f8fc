/// What the system lets this process use of something: processors, or bytes of memory. Often others draw on the same, as
/// all ranks of a host on its memory.
public struct Budget: Equatable, Sendable {
  /// The same number for all processes that draw on this budget, on whatever host; nil for one that is this process's own.
  public let owner: UInt64?
  public let amount: Double
  /// What sets it, for messages: "ulimit -v", "/sys/fs/cgroup/memory.max".
  public let source: String

  public init(owner: UInt64?, amount: Double, source: String) {
    (self.owner, self.amount, self.source) = (owner, amount, source)
  }
}

extension Communicator {
  /// Threads that keep this rank's share of its processors busy, at least 1, and which budget sets their number. Collective.
  public func threadCount(of processors: [Budget]) throws(CommunicationError) -> (count: Int, source: String) {
    let shares = zip(processors, try total(1, drawnOn: processors)).map { budget, ranks in
      (count: Int(budget.amount.rounded(.up) / ranks), source: budget.source)
    }
    let least = shares.min { $0.count < $1.count }
    return (max(1, least?.count ?? 1), least?.source ?? "nothing known")
  }

  /// The tightest budget that does not suffice when each rank draws its `amount`, and what is drawn on it in all; nil if
  /// this rank's budgets suffice. Collective.
  public func overdrawn(_ budgets: [Budget], by amount: Double) throws(CommunicationError) -> (Budget, total: Double)? {
    let totals = try total(amount, drawnOn: budgets)
    return zip(budgets, totals).filter { $0.amount <= $1 }.min { $0.0.amount / $0.1 < $1.0.amount / $1.1 }
      .map { ($0, total: $1) }
  }

  /// Refuses what would end in the kernel's killing a rank: more memory than is allowed. Collective.
  ///
  /// - Parameter needed: by this rank, in bytes.
  /// - Throws: ``CommunicationError/tooLarge(bytes:_:)`` on the lowest such rank, as ``agree(_:)``.
  public func checkMemory(_ needed: Double) throws {
    let excess = try overdrawn(Allowance().memory, by: needed)
    try agree { if let (budget, total) = excess { throw CommunicationError.tooLarge(bytes: total, budget) } }
  }

  /// What all ranks together draw on each of this rank's budgets, if this one draws `amount` on each of them. Collective.
  private func total(_ amount: Double, drawnOn budgets: [Budget]) throws(CommunicationError) -> [Double] {
    // A group that is mounted twice is one.
    let own = Set(budgets.compactMap(\.owner)).map { Draft(owner: $0, amount: amount) }
    let gathered = try unsafe gather(own.withUnsafeBytes(Array.init))
    let all = try broadcast(gathered.map { Array($0.joined()) } ?? [])
    let drafts = unsafe all.withUnsafeBytes { unsafe Array($0.bindMemory(to: Draft.self)) }
    return budgets.map { budget in
      guard let owner = budget.owner else { return amount }
      return drafts.reduce(0) { $0 + ($1.owner == owner ? $1.amount : 0) }
    }
  }

  private struct Draft: BitwiseCopyable {
    let owner: UInt64
    let amount: Double
  }
}
