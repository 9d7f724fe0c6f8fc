import Testing

@testable import Collectives

/// The ring with threads as ranks.
@Suite struct AllReduceTests {
  /// Every length up to 1000 elements for every world size: in order that some of them need several segments per chunk,
  /// whole and broken ones, the segments are of 64 bytes.
  @Test(arguments: 1...8) func lengths(ranks: Int) throws {
    let lengths = Array(0...130) + stride(from: 131, through: 1000, by: 29) + [997, 1000]
    try expectSums(ranks: ranks, lengths: lengths, segment: 64)
  }

  @Test(arguments: [2, 3]) func longWithDefaultSegments(ranks: Int) throws {
    try expectSums(ranks: ranks, lengths: [500_009], segment: nil)
  }

  @Test(arguments: [8, 24, 64, 1 << 20]) func segments(bytes: Int) throws {
    try expectSums(ranks: 3, lengths: [0, 1, 2, 3, 4, 47, 48, 49, 509], segment: bytes)
  }

  @Test(arguments: [1, 2, 3, 4, 7]) func neighboursStayUntouched(ranks: Int) throws {
    let sums = try ranksOnThreads(ranks, segment: 64) { communicator in
      var values = (0..<500).map { element(communicator.rank, $0) }
      for (start, end) in [(1, 1), (3, 4), (101, 399), (399, 400)] {
        try values.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
          try communicator.allReduce(UnsafeMutableBufferPointer(rebasing: buffer[start..<end]))
        }
      }
      return values
    }
    for (rank, values) in sums.enumerated() {
      for index in values.indices {
        let own = element(rank, index)
        let all = (0..<ranks).reduce(0.0) { $0 + Double(element($1, index)) }
        let summed = index == 3 || (101..<400).contains(index)
        #expect(summed ? abs(Double(values[index]) - all) < 1e-5 : values[index] == own, "at \(index)")
      }
    }
  }

  @Test func infinitiesAndNaNsArrive() throws {
    let sums = try ranksOnThreads(3) { communicator in
      try communicator.sum([communicator.rank == 1 ? .infinity : 1, communicator.rank == 2 ? .nan : 1, 2])
    }
    for values in sums {
      #expect(values[0] == .infinity && values[1].isNaN && values[2] == 6)
    }
  }
}

/// Rank `rank`'s element `index`: irregular, so that sums over ranks round, and depend on their order.
private func element(_ rank: Int, _ index: Int) -> Float {
  Float((rank * 7_919 + index * 104_729 + 13) % 10_007 - 5_003) / 997
}

/// Both element types: equal bits on every rank, close to the sum in `Double`.
private func expectSums(ranks: Int, lengths: [Int], segment: Int?) throws {
  let results = try ranksOnThreads(ranks, segment: segment) { communicator in
    try lengths.map { length in
      var floats = (0..<length).map { element(communicator.rank, $0) }
      try floats.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
        try communicator.allReduce(buffer)
      }
      let doubles = try communicator.sum((0..<length).map { Double(element(communicator.rank, $0)) })
      return Sums(floats: floats, doubles: doubles)
    }
  }
  for (place, length) in lengths.enumerated() {
    let first = results[0][place]
    for rank in 0..<ranks {
      let own = results[rank][place]
      #expect(own.floats.map(\.bitPattern) == first.floats.map(\.bitPattern), "floats, \(length), rank \(rank)")
      #expect(own.doubles.map(\.bitPattern) == first.doubles.map(\.bitPattern), "doubles, \(length), rank \(rank)")
    }
    let reference = (0..<length).map { index in (0..<ranks).reduce(0.0) { $0 + Double(element($1, index)) } }
    #expect(zip(first.floats, reference).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "sum of \(length) floats")
    #expect(zip(first.doubles, reference).allSatisfy { abs($0 - $1) < 1e-13 }, "sum of \(length) doubles")
    #expect(first.floats.count == length && first.doubles.count == length)
  }
}

private struct Sums: Sendable {
  var floats: [Float]
  var doubles: [Double]
}
