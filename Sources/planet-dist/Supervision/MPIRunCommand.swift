import Collectives
import Files
import Foundation

/// An `mpirun` command, of whose hosts some may be gone.
struct MPIRunCommand {
  private static let hostOptions = ["--host", "-host", "-H"]
  private static let hostfileOptions = ["--hostfile", "-hostfile", "--machinefile", "-machinefile"]
  private static let rankOptions = ["-np", "--np", "-n", "--n", "-c"]

  private let words: [String]
  /// The file of hosts that mpirun takes where the command names none; mpi-operator sets one.
  private let standardHostfile: String?
  /// Where the program begins, whose options are not mpirun's.
  private let program: Int

  /// Nil if it is another command.
  init?(_ words: [String], environment: [String: String] = ProcessInfo.processInfo.environment) {
    guard let first = words.first, ["mpirun", "mpiexec", "orterun", "prterun"].contains(FilePath.name(of: first)) else {
      return nil
    }
    self.words = words
    standardHostfile = environment["OMPI_MCA_orte_default_hostfile"]
    program = words.firstIndex { FilePath.name(of: $0) == "planet-dist" } ?? words.count
  }

  /// A host that is named in the command, or in its file of hosts.
  private struct Host {
    let name: String
    /// How many ranks it may run; nil if mpirun finds that out.
    let slots: Int?
  }

  /// The hosts that are named; none if mpirun knows them otherwise, from a scheduler.
  private var hosts: [Host] {
    if let place = value(Self.hostOptions) { return Self.list(words[place]) }
    return (value(Self.hostfileOptions).map { words[$0] } ?? standardHostfile).map(Self.file) ?? []
  }

  /// The command for those hosts that answer, with as many ranks as they may run, and what to call these; the command is nil
  /// if none answers.
  func onHostsThatAnswer(_ answer: ([String]) -> Set<String> = HostCheck.answering) -> (
    command: [String]?, hosts: String?
  ) {
    let all = hosts
    let living = answer(all.map(\.name))
    let left = all.filter { living.contains($0.name) }
    if left.count == all.count { return (words, nil) }
    guard !left.isEmpty else { return (nil, nil) }
    let slots = left.compactMap(\.slots)
    let names = Set(left.map(\.name)).sorted().joined(separator: ", ")
    guard let (command, ranks) = with(left, slots: slots.count == left.count ? slots.reduce(0, +) : nil)
    else { return (nil, nil) }
    return (command, names + (ranks.map { ", with \($0) ranks" } ?? ""))
  }

  /// The command with other hosts, and the number of ranks if that had to change.
  private func with(_ hosts: [Host], slots: Int?) -> (command: [String], ranks: Int?)? {
    var command = words
    var ranks: Int?
    if let place = value(Self.rankOptions), let asked = Int(words[place]), let slots, slots < asked {
      (command[place], ranks) = (String(slots), slots)
    }
    if let place = value(Self.hostOptions) {
      command[place] = hosts.map { $0.name + ($0.slots.map { ":\($0)" } ?? "") }.joined(separator: ",")
      return (command, ranks)
    }
    let file = FilePath.join(NSTemporaryDirectory(), "planet-dist-hosts.\(getpid())")
    let lines = hosts.map { $0.name + ($0.slots.map { " slots=\($0)" } ?? "") + "\n" }
    guard (try? AtomicFile.write(lines.joined(), to: file)) != nil else { return nil }
    if let place = value(Self.hostfileOptions) {
      command[place] = file
    } else {
      command.insert(contentsOf: ["--hostfile", file], at: 1)
    }
    return (command, ranks)
  }

  /// Where the value of an option of mpirun's stands.
  private func value(_ names: [String]) -> Int? {
    words[..<program].firstIndex { names.contains($0) }.flatMap { $0 + 1 < program ? $0 + 1 : nil }
  }

  /// "node1:2,node2": without a number, mpirun starts one rank there for each time that a host is named.
  private static func list(_ text: String) -> [Host] {
    text.parts(by: ",").filter { !$0.isEmpty }.map { host in
      let parts = host.parts(by: ":")
      return Host(name: String(parts[0]), slots: parts.count > 1 ? Int(parts[1]) : 1)
    }
  }

  /// Lines as "node1 slots=2 max_slots=4"; # begins a comment.
  private static func file(_ path: String) -> [Host] {
    let text = (try? InputFile.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.parts(by: "\n").compactMap { line in
      let words = (line.parts(by: "#").first ?? "").parts(by: " ").map(\.trimmed).filter { !$0.isEmpty }
      guard let name = words.first else { return nil }
      let slots = words.first { $0.begins(with: "slots=") }.flatMap { Int($0.dropFirst("slots=".count)) }
      return Host(name: name, slots: slots)
    }
  }
}
