import Testing

@testable import Collectives

@Suite struct ExchangeTests {
  @Test(arguments: 1...6) func broadcastFromEveryRoot(ranks: Int) throws {
    for count in [0, 1, 63, 64, 65, 128, 1001] {
      for root in 0..<ranks {
        let received = try ranksOnThreads(ranks, segment: 64) { communicator in
          try communicator.broadcast(communicator.rank == root ? blob(root, count) : [], from: root)
        }
        #expect(received == Array(repeating: blob(root, count), count: ranks), "\(count) bytes from \(root)")
      }
    }
  }

  @Test(arguments: 1...6) func gatherBlobsOfDifferentLengths(ranks: Int) throws {
    let lengths = [130, 0, 64, 1, 999, 0]
    let gathered = try ranksOnThreads(ranks, segment: 64) { communicator in
      try communicator.gather(blob(communicator.rank, lengths[communicator.rank]))
    }
    #expect(gathered[0] == (0..<ranks).map { blob($0, lengths[$0]) })
    #expect(gathered.dropFirst().allSatisfy { $0 == nil })
  }

  @Test(arguments: 1...8) func allGather(ranks: Int) throws {
    let values = try ranksOnThreads(ranks, segment: 8) { communicator in
      try communicator.allGather(Wide(low: UInt64(communicator.rank), high: ~UInt64(communicator.rank), third: 7))
    }
    let expected = (0..<UInt64(ranks)).map { Wide(low: $0, high: ~$0, third: 7) }
    #expect(values == Array(repeating: expected, count: ranks))
  }

  /// After the barrier every rank sees what every other wrote before it.
  @Test(arguments: 1...8) func barrier(ranks: Int) throws {
    let arrived = Counter()
    let seen = try ranksOnThreads(ranks) { communicator in
      try (1...20).map { round in
        arrived.increment()
        try communicator.barrier()
        let count = arrived.value
        try communicator.barrier()
        return count == round * communicator.size
      }
    }
    #expect(seen.allSatisfy { $0.allSatisfy { $0 } })
  }

  private struct Wide: BitwiseCopyable, Equatable {
    var low, high, third: UInt64
  }

  private func blob(_ rank: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 + rank) }
  }
}
