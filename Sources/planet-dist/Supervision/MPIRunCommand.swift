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
    // A folder may have the program's name, too: `--prefix /opt/planet-dist`. Behind the program stands what it is to do.
    program =
      words.indices.dropLast().first {
        FilePath.name(of: words[$0]) == "planet-dist" && !words[$0 + 1].begins(with: "-")
          && FilePath.name(of: words[$0 + 1]) != "planet-dist"
      } ?? words.count
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

  /// What is to be run.
  struct Choice {
    let command: [String]
    /// What to call the hosts, and how many ranks there are, where that is not as the command had it.
    let hosts: String?
    /// A file that was made for the command.
    let hostfile: String?

    init(_ command: [String], hosts: String? = nil, hostfile: String? = nil) {
      (self.command, self.hosts, self.hostfile) = (command, hosts, hostfile)
    }
  }

  struct NoHostAnswers: Error, CustomStringConvertible {
    let description = "no host answers."
  }

  /// The command for those hosts that answer, with as many ranks as these may run.
  ///
  /// - Throws: ``NoHostAnswers``; `FileError` where the file of the hosts cannot be written.
  func onHostsThatAnswer(_ answer: ([String]) -> Set<String> = HostCheck.answering) throws -> Choice {
    let all = hosts
    let living = answer(all.map(\.name))
    let left = all.filter { living.contains($0.name) }
    if left.count == all.count { return Choice(words) }
    guard !left.isEmpty else { throw NoHostAnswers() }
    var command = words
    var names = Set(left.map(\.name)).sorted().joined(separator: ", ")
    let slots = left.compactMap(\.slots)
    if slots.count == left.count, let place = value(Self.rankOptions), let asked = Int(words[place]),
      slots.reduce(0, +) < asked
    {
      command[place] = String(slots.reduce(0, +))
      names += ", with \(command[place]) ranks"
    }
    if let place = value(Self.hostOptions) {
      command[place] = left.map { $0.name + ($0.slots.map { ":\($0)" } ?? "") }.joined(separator: ",")
      return Choice(command, hosts: names)
    }
    let file = FilePath.join(NSTemporaryDirectory(), "planet-dist-hosts.\(UUID().uuidString)")
    try AtomicFile.write(left.map { $0.name + ($0.slots.map { " slots=\($0)" } ?? "") + "\n" }.joined(), to: file)
    if let place = value(Self.hostfileOptions) {
      command[place] = file
    } else {
      command.insert(contentsOf: ["--hostfile", file], at: 1)
    }
    return Choice(command, hosts: names, hostfile: file)
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
      let blanks = line.utf8.map { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
      let text = String(decoding: blanks, as: UTF8.self)
      let words = (text.parts(by: "#").first ?? "").parts(by: " ").filter { !$0.isEmpty }
      guard let name = words.first else { return nil }
      let slots = words.first { $0.begins(with: "slots=") }.flatMap { Int($0.dropFirst("slots=".count)) }
      return Host(name: name, slots: slots)
    }
  }
}
