import Foundation
import TestSupport
import Testing

@testable import planet_dist

/// What becomes of an mpirun command when hosts are gone.
@Suite struct MPIRunCommandTests {
  private let folder = TemporaryFolder()

  private func remains(_ command: String, gone: Set<String>, hostfile: String? = nil) throws -> MPIRunCommand.Choice {
    let words = command.split(separator: " ").map(String.init)
    let environment = hostfile.map { ["OMPI_MCA_orte_default_hostfile": $0] } ?? [:]
    let parsed = try #require(MPIRunCommand(words, environment: environment))
    return try parsed.onHostsThatAnswer { Set($0).subtracting(gone) }
  }

  @Test func otherCommands() { #expect(MPIRunCommand(["srun", "planet-dist"]) == nil) }

  @Test(arguments: ["mpirun -np 4 planet-dist train", "/usr/bin/mpirun --host a:2,b:2 -np 4 planet-dist train -n 9"])
  func allAnswer(command: String) throws {
    let left = try remains(command, gone: ["c"])
    #expect(left.command.joined(separator: " ") == command && left.hosts == nil)
  }

  @Test(arguments: [
    ("mpirun --host a:2,b:2 -np 4 planet-dist train", "mpirun --host b:2 -np 2 planet-dist train", "b, with 2 ranks"),
    ("mpirun -np 2 -H a,b,c:4 /opt/planet-dist x", "mpirun -np 2 -H b:1,c:4 /opt/planet-dist x", "b, c"),
    (
      "mpirun --prefix /opt/planet-dist -H a,b planet-dist train",
      "mpirun --prefix /opt/planet-dist -H b:1 planet-dist train",
      "b"
    ),
    ("mpirun -H a,b,b planet-dist --host a", "mpirun -H b:1,b:1 planet-dist --host a", "b"),
  ]) func someAnswer(command: String, expected: String, hosts: String) throws {
    let left = try remains(command, gone: ["a"])
    #expect(left.command.joined(separator: " ") == expected && left.hosts == hosts)
  }

  @Test func noneAnswers() throws {
    #expect(throws: MPIRunCommand.NoHostAnswers.self) {
      try remains("mpirun --host a:2,b:2 planet-dist", gone: ["a", "b"])
    }
  }

  @Test func hostfile() throws {
    try "# ours\na\tslots=2\r\nb slots=4 max_slots=8 # new\n\n".write(
      toFile: folder.path("hosts"), atomically: true, encoding: .utf8)
    let left = try remains("mpirun --hostfile \(folder.path("hosts")) -np 6 planet-dist", gone: ["a"])
    let words = left.command
    #expect(words[2] == left.hostfile)
    #expect(words[0...1] == ["mpirun", "--hostfile"] && words[3...] == ["-np", "4", "planet-dist"])
    #expect(try String(contentsOfFile: words[2], encoding: .utf8) == "b slots=4\n")
    #expect(left.hosts == "b, with 4 ranks")
    try FileManager.default.removeItem(atPath: words[2])

    let standard = try remains("mpirun planet-dist", gone: ["b"], hostfile: folder.path("hosts"))
    let file = try #require(standard.hostfile)
    #expect(standard.command == ["mpirun", "--hostfile", file, "planet-dist"])
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "a slots=2\n")
    try FileManager.default.removeItem(atPath: file)
  }
}
