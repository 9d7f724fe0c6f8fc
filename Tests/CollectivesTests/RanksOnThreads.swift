import Collectives

/// What `body` returns on each of `count` ranks; throws the first rank's error if any fails.
func ranksOnThreads<R: Sendable>(
  _ count: Int, segment: Int? = nil, _ body: @escaping @Sendable (Communicator) throws -> R
) throws -> [R] {
  try outcomesOnThreads(count, segment: segment, body).map { try $0.get() }
}

/// What `body` returns or throws on each of `count` ranks; `segment` bytes travel at once.
func outcomesOnThreads<R: Sendable>(
  _ count: Int, segment: Int? = nil, timeout: Duration = .seconds(900),
  _ body: @escaping @Sendable (Communicator) throws -> R
) -> [Result<R, any Error>] {
  Communicator.onThreads(count, timeout: timeout) { communicator in
    if let segment { communicator.useMessages(inSegmentsOf: segment) }
    return try body(communicator)
  }
}
