import Collectives

extension RingCheck {
  static func checkAll(_ communicator: Communicator) throws {
    let p = communicator.size
    for count in [0, 1, p - 1, p, p + 1, 1000, 131_071, 550_007] {
      try checkSum(count, communicator)
    }
    try checkExchange(communicator)
    try checkSlices(communicator)
    if communicator.rank == 0 {
      print("ok with \(p), on \(communicator.hosts) host\(communicator.hosts == 1 ? "" : "s")")
    }
  }

  /// Several sums between hosts at a time. Each host gives one more than its lowest rank.
  static func checkSlices(_ communicator: Communicator) throws {
    let first = communicator.rank - communicator.placeHere
    let expected = Float(Set(try communicator.allGather(first)).reduce(0) { $0 + $1 + 1 })
    let sums = communicator.ownSlices.flatMap { slice in
      [1, 1000, 300_001].map { count in
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        values.initialize(repeating: Float(first + 1))
        return (slice, values)
      }
    }
    for (slice, values) in sums { try communicator.beginSum(slice: slice, values) }
    for (done, sum) in sums.enumerated() {
      try communicator.finishSums(allBut: sums.count - 1 - done)
      guard sum.1.allSatisfy({ $0 == expected }) else { throw Failure("sum of slice \(sum.0) between hosts") }
    }
    for sum in sums { sum.1.deallocate() }
    try communicator.barrier()
  }

  /// Rank `rank`'s element `index`: small and irregular, with sums over ranks that differ in every bit.
  static func value(_ rank: Int, _ index: Int) -> Float {
    Float(truncatingRemainder(rank * 7_919 + index * 104_729 + 13)) / 997
  }

  private static func truncatingRemainder(_ number: Int) -> Int { number % 10_007 - 5_003 }

  static func checkSum(_ count: Int, _ communicator: Communicator) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    var floats = (0..<count).map { value(rank, $0) }
    try floats.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in try communicator.allReduce(buffer)
    }
    for index in floats.indices {
      let expected = (0..<size).reduce(0.0) { $0 + Double(value($1, index)) }
      guard abs(Double(floats[index]) - expected) < 1e-5 else {
        throw Failure("sum of \(count) floats: \(floats[index]) at \(index) instead of \(expected)")
      }
    }
    try communicator.verifyIdentical(hash(floats), what: "sum of \(count) floats")
    let doubles = try communicator.sum((0..<min(count, 1000)).map { Double($0) + 0.25 * Double(rank) })
    guard doubles.indices.allSatisfy({ doubles[$0] == Double(size * $0) + 0.25 * Double(size * (size - 1) / 2) })
    else { throw Failure("sum of doubles") }
  }

  static func checkExchange(_ communicator: Communicator) throws {
    let (rank, size) = (communicator.rank, communicator.size)
    func blob(_ rank: Int) -> [UInt8] { (0..<rank * 700_001).map { UInt8(truncatingIfNeeded: $0 * 31 + rank) } }
    for root in 0..<size {
      guard try communicator.broadcast(rank == root ? blob(root + 1) : [], from: root) == blob(root + 1)
      else { throw Failure("broadcast from \(root)") }
    }
    let gathered = try communicator.gather(blob(rank))
    guard gathered == (rank == 0 ? (0..<size).map(blob) : nil) else { throw Failure("gather") }
    guard try communicator.allGather(rank * rank) == (0..<size).map({ $0 * $0 }) else { throw Failure("all-gather") }
    // All ranks are on this host, whose budget they share.
    let host = Budget(owner: 1, amount: Double(size), source: "a host")
    guard try communicator.threadCount(of: [host]).count == 1,
      try communicator.overdrawn([host], by: 1)?.total == Double(size)
    else { throw Failure("shares of a budget") }
    try communicator.barrier()
  }

  /// FNV-1a of the bits.
  static func hash(_ values: [Float]) -> UInt64 {
    values.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
  }
}
