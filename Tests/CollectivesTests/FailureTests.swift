import Foundation
import TestSupport
import Testing

@testable import Collectives

/// What the other ranks see when one fails.
@Suite struct FailureTests {
  private struct Fault: Error {}

  @Test(arguments: [2, 3, 5]) func aRankThatThrowsTakesTheOthersAlong(ranks: Int) {
    let outcomes = outcomesOnThreads(ranks) { communicator in
      if communicator.rank == 1 { throw Fault() }
      _ = try communicator.sum([Double](repeating: 1, count: 100))
    }
    for (rank, outcome) in outcomes.enumerated() {
      if rank == 1 {
        #expect(throws: Fault.self) { try outcome.get() }
      } else {
        #expect(throws: CommunicationError.abandoned(operation: "all-reduce", rank: rank, peer: 1)) {
          try outcome.get()
        }
      }
    }
  }

  @Test func aRankThatNeverComesIsNamedInTime() {
    let noticed = DispatchSemaphore(value: 0)
    let outcomes = outcomesOnThreads(2, timeout: .milliseconds(200)) { communicator in
      if communicator.rank == 0 {
        defer { noticed.signal() }
        try communicator.barrier()
      } else {
        watched("a barrier with a timeout") { noticed.wait() }
      }
    }
    #expect(throws: CommunicationError.timedOut(operation: "barrier", rank: 0, peer: 1, name: "rank 1", seconds: 0.2)) {
      try outcomes[0].get()
    }
  }

  @Test func aRankInAnotherOperationIsNoticed() {
    let outcomes = outcomesOnThreads(2) { communicator in
      if communicator.rank == 0 {
        _ = try communicator.sum([1.0, 2.0])
      } else {
        var floats: [Float] = [1, 2, 3, 4]  // as many bytes
        try floats.withUnsafeMutableBufferPointer { floats throws(CommunicationError) in
          try communicator.allReduce(floats)
        }
      }
    }
    let messages = outcomes.map { outcome in
      if case .failure(let error) = outcome { String(describing: error) } else { "" }
    }
    #expect(messages.allSatisfy { !$0.isEmpty })
    #expect(messages.contains { $0.contains("came instead of 16 of a sum of") }, "\(messages)")
  }

  @Test func aRankWithAnotherLengthIsNoticed() {
    let outcomes = outcomesOnThreads(3) { communicator in
      _ = try communicator.sum([Double](repeating: 1, count: communicator.rank == 2 ? 30 : 33))
    }
    for outcome in outcomes { #expect(throws: CommunicationError.self) { try outcome.get() } }
  }

  @Test func afterAFailureEverythingFails() {
    let outcomes = outcomesOnThreads(2) { communicator in
      if communicator.rank == 1 { throw Fault() }
      let operations: [() throws -> Void] = [
        communicator.barrier, { _ = try communicator.sum([1.0]) }, { _ = try communicator.gather([1]) },
        { _ = try communicator.broadcast([1]) }, { try communicator.agree {} },
      ]
      return operations.count { operation in (try? operation()) == nil }
    }
    #expect((try? outcomes[0].get()) == 5)
  }
}
