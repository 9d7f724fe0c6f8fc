import Compute
import Files
import Foundation
import Runs

/// Runs a command, and runs it again when it ends by what may not happen again: as often as it saves something new, and a
/// few times more.
struct Restarts {
  /// A part was lost (1 and 205 are mpirun's codes for hosts, 255 is ssh's), killed, crashed, or did not answer.
  private static let codes: Set<Int32> = [1, 75, 137, 139, 143, 205, 255]
  private static let longestPause = 60.0

  private let command: [String]
  private let limit: Int

  init(_ command: [String], limit: Int) { (self.command, self.limit) = (command, limit) }

  /// Runs it to its end, and returns the last exit code.
  func run() -> Int32 {
    let folder = TrainingCommand(command)?.run
    var (failures, next, began) = (0, MPIRunCommand.Choice(command), ContinuousClock.now)
    while true {
      let saved = folder?.saved
      let code = Supervised.run(next.command)
      if let file = next.hostfile { try? FileManager.default.removeItem(atPath: file) }
      guard limit > 0, Self.codes.contains(code), !Supervised.isAskedToStop else { return code }
      failures = folder?.saved == saved ? failures + 1 : 1
      let ended = "supervise: exit code \(code) after \(Int((ContinuousClock.now - began).seconds)) s"
      guard failures <= limit else {
        Console.complain(
          "\(ended). \(limit == 1 ? "One restart" : "\(limit) restarts") in a row saved nothing new: given up.")
        return code
      }
      pause(min(Self.longestPause, pow(2, Double(failures - 1))))
      do { next = try MPIRunCommand(command)?.onHostsThatAnswer() ?? .init(command) } catch {
        Console.complain("\(ended). Not started again: \(error)")
        return code
      }
      guard !Supervised.isAskedToStop else { return code }
      Console.complain("\(ended). Started again\(next.hosts.map { " on \($0)" } ?? "").")
      began = .now
    }
  }

  private func pause(_ seconds: Double) {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end, !Supervised.isAskedToStop { Thread.sleep(forTimeInterval: 0.1) }
  }
}

/// What `planet-dist train`, somewhere in a command, is told.
struct TrainingCommand {
  private let words: ArraySlice<String>

  /// Nil if the command trains nothing.
  init?(_ command: [String]) {
    let program = command.indices.dropLast().first {
      FilePath.name(of: command[$0]) == "planet-dist" && command[$0 + 1] == "train"
    }
    guard let program else { return nil }
    words = command[(program + 1)...]
  }

  /// The folder that it saves to.
  var run: RunFolder { RunFolder(value(of: "--run") ?? OpenRun.standard) }
  var resumesItself: Bool { value(of: "--resume").flatMap(Resuming.init) == .auto }
  var limitsTime: Bool { value(of: "--max-time") != nil }

  private func value(of option: String) -> String? {
    if let place = words.firstIndex(of: option), place + 1 < words.endIndex { return words[place + 1] }
    return words.first { $0.begins(with: option + "=") }.map { String($0.dropFirst(option.count + 1)) }
  }
}
