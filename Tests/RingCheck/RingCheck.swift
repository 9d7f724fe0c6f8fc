// What CollectivesTests starts under mpirun: every operation checked against its definition, and failures to order.

import Collectives
import Foundation

@main
struct RingCheck {
  static func main() {
    let arguments = CommandLine.arguments
    let timeout: Duration = arguments.count > 2 && arguments[1] == "sleep" ? .seconds(2) : .seconds(600)
    Communicator.withJob(
      timeout: timeout, joinTimeout: .seconds(60), heartbeat: .seconds(arguments.contains("alive") ? 2 : 600),
      onFailure: report, onWarning: warn
    ) { communicator in
      switch arguments.dropFirst().first {
      case "throw": try fail(on: Int(arguments[2]), communicator)
      case "agree": try disagree(communicator)
      case "share": throw SharedFailure()
      case "sleep": try sleep(on: Int(arguments[2]), communicator)
      case "stop": try stop(communicator) { $0.rank == Int(arguments[2]) }
      case "stopHost": try stop(communicator) { $0.rank / $0.ranksHere == Int(arguments[2]) }
      case "late": try late(rank: Int(arguments[2]), communicator)
      case "elsewhere": try elsewhere(communicator)
      case "messages":
        communicator.useMessages(inSegmentsOf: 512 << 10)
        try checkAll(communicator)
      case "sharing": print(communicator.sharingProblem ?? "shared")
      case "time": try time(count: Int(arguments[2]) ?? 0, communicator)
      default: try checkAll(communicator)
      }
    }
  }

  static func report(_ error: any Error, rank: Int, size: Int) -> Int32 {
    FileHandle.standardError.write(Data("\(size > 1 ? "rank \(rank): " : "")\(error)\n".utf8))
    return error is CommunicationError ? 75 : 70
  }

  static func warn(_ warning: CommunicationWarning) { FileHandle.standardError.write(Data("\(warning)\n".utf8)) }

  struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  /// All ranks fail alike.
  struct SharedFailure: SharedError, CustomStringConvertible {
    var description: String { "all find the same fault" }
  }

  /// One rank fails by itself; the others are in an operation it will never come to.
  static func fail(on rank: Int?, _ communicator: Communicator) throws {
    if communicator.rank == rank { throw Failure("the chosen failure. Do nothing") }
    try communicator.barrier()
  }

  /// All ranks but rank 0 find fault.
  static func disagree(_ communicator: Communicator) throws {
    try communicator.agree {
      if communicator.rank > 0 { throw Failure("rank \(communicator.rank) finds fault") }
    }
  }

  /// One rank is away for long.
  static func sleep(on rank: Int?, _ communicator: Communicator) throws {
    if communicator.rank == rank {
      Thread.sleep(forTimeInterval: 300)
      FileHandle.standardError.write(Data("rank \(communicator.rank) came after all\n".utf8))
    }
    _ = try communicator.sum([1.0, 2.0])
  }

  /// Some ranks are stopped.
  static func stop(_ communicator: Communicator, _ isStopped: (Communicator) -> Bool) throws {
    if isStopped(communicator) { raise(SIGSTOP) }
    try communicator.barrier()
  }

  /// One rank comes three seconds late.
  static func late(rank: Int?, _ communicator: Communicator) throws {
    if communicator.rank == rank { Thread.sleep(forTimeInterval: 3) }
    try communicator.barrier()
  }

  /// Rank 0 sums while the others are at a barrier.
  static func elsewhere(_ communicator: Communicator) throws {
    if communicator.rank == 0 { _ = try communicator.sum([Double](repeating: 1, count: 64)) }
    try communicator.barrier()
  }

  /// Milliseconds of an all-reduce of `count` floats: the best and the median of 15.
  static func time(count: Int, _ communicator: Communicator) throws {
    var values = [Float](repeating: 1, count: count)
    var times = [Double]()
    for _ in 0..<15 {
      try communicator.barrier()
      let start = ContinuousClock.now
      try values.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
        try communicator.allReduce(buffer)
      }
      let spent = start.duration(to: .now).components
      times.append(Double(spent.seconds) * 1e3 + Double(spent.attoseconds) * 1e-15)
    }
    times.sort()
    if communicator.rank == 0 { print(String(format: "best %.1f ms, median %.1f ms", times[0], times[7])) }
  }
}
