import Foundation
import Testing

@testable import Collectives

@Suite struct AgreementTests {
  private struct Fault: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  @Test func agreeReturnsEachRanksOwnWork() throws {
    let values = try ranksOnThreads(3) { communicator in try communicator.agree { communicator.rank * 10 } }
    #expect(values == [0, 10, 20])
  }

  @Test func theLowestFailingRanksErrorIsEveryones() {
    let outcomes = outcomesOnThreads(4) { communicator in
      try communicator.agree {
        if communicator.rank >= 2 { throw Fault(description: "no file on \(communicator.rank)") }
      }
    }
    for (rank, outcome) in outcomes.enumerated() {
      if rank == 2 {
        #expect(throws: Fault(description: "no file on 2")) { try outcome.get() }
      } else {
        #expect(throws: CommunicationError.rankFailed(rank: 2, message: "no file on 2")) { try outcome.get() }
      }
    }
  }

  @Test func anErrorWithoutWordsFailsToo() {
    let outcomes = outcomesOnThreads(2) { communicator in
      try communicator.agree { if communicator.rank == 1 { throw Fault(description: "") } }
    }
    #expect(throws: CommunicationError.rankFailed(rank: 1, message: "")) { try outcomes[0].get() }
    #expect(throws: Fault(description: "")) { try outcomes[1].get() }
  }

  @Test func theJobGoesOnAfterADisagreement() throws {
    let sums = try ranksOnThreads(3) { communicator in
      do {
        try communicator.agree { if communicator.rank == 1 { throw Fault(description: "once") } }
        return [Double]()
      } catch {
        return try communicator.sum([1])
      }
    }
    #expect(sums == [[3], [3], [3]])
  }

  @Test(
    arguments: [
      ([7, 7, 7, 7], []), ([7], []), ([7, 8], [1]), ([8, 7, 7], [0]), ([7, 7, 9, 7], [2]), ([1, 2, 3], [1, 2]),
      ([5, 6, 6, 5], [1, 2]),
    ] as [([UInt64], [Int])])
  func verifyIdenticalNamesTheMinority(hashes: [UInt64], culprits: [Int]) {
    let outcomes = outcomesOnThreads(hashes.count) { communicator in
      try communicator.verifyIdentical(hashes[communicator.rank], what: "parameters", advice: "Resume.")
    }
    for outcome in outcomes {
      if culprits.isEmpty {
        #expect(throws: Never.self) { try outcome.get() }
      } else {
        #expect(throws: CommunicationError.different(what: "parameters", ranks: culprits, advice: "Resume.")) {
          try outcome.get()
        }
      }
    }
  }

  @Test func messages() {
    #expect(
      CommunicationError.different(what: "parameters after epoch 3", ranks: [1, 2], advice: "Resume.").description
        == "parameters after epoch 3: not the same on ranks 1, 2 as on the other ranks. Resume.")
    #expect(
      CommunicationError.timedOut(operation: "all-reduce", rank: 2, peer: 1, name: "rank 1 (node2)", seconds: 2.5)
        .description == """
          all-reduce: rank 1 (node2) did not come within 2.5 s. It hangs, or is much slower than rank 2, which waited: look at \
          its host, or allow more time.
          """)
  }
}
