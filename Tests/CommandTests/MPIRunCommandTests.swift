import Foundation
import TestSupport
import Testing

@testable import planet_dist

/// What becomes of an mpirun command when hosts are gone.
@Suite struct MPIRunCommandTests {
  private let folder = TemporaryFolder()

  private func remains(_ command: String, gone: Set<String>, hostfile: String? = nil) -> (
    command: String?, hosts: String?
  )? {
    let words = command.split(separator: " ").map(String.init)
    let environment = hostfile.map { ["OMPI_MCA_orte_default_hostfile": $0] } ?? [:]
    guard
      let (command, hosts) = MPIRunCommand(words, environment: environment)?
        .onHostsThatAnswer({ Set($0).subtracting(gone) })
    else { return nil }
    return (command?.joined(separator: " "), hosts)
  }

  @Test func otherCommands() { #expect(MPIRunCommand(["srun", "planet-dist"]) == nil) }

  @Test(arguments: ["mpirun -np 4 planet-dist train", "/usr/bin/mpirun --host a:2,b:2 -np 4 planet-dist train -n 9"])
  func allAnswer(command: String) throws {
    let left = try #require(remains(command, gone: ["c"]))
    #expect(left.command == command && left.hosts == nil)
  }

  @Test(arguments: [
    ("mpirun --host a:2,b:2 -np 4 planet-dist train", "mpirun --host b:2 -np 2 planet-dist train", "b, with 2 ranks"),
    ("mpirun -np 2 -H a,b,c:4 /opt/planet-dist x", "mpirun -np 2 -H b:1,c:4 /opt/planet-dist x", "b, c"),
    ("mpirun -H a,b,b planet-dist --host a", "mpirun -H b:1,b:1 planet-dist --host a", "b"),
  ]) func someAnswer(command: String, expected: String, hosts: String) throws {
    let left = try #require(remains(command, gone: ["a"]))
    #expect(left.command == expected && left.hosts == hosts)
  }

  @Test func noneAnswers() throws {
    let left = try #require(remains("mpirun --host a:2,b:2 planet-dist", gone: ["a", "b"]))
    #expect(left.command == nil && left.hosts == nil)
  }

  @Test func hostfile() throws {
    try "# ours\na slots=2\nb slots=4 max_slots=8 # new\n\n".write(
      toFile: folder.path("hosts"), atomically: true, encoding: .utf8)
    let left = try #require(remains("mpirun --hostfile \(folder.path("hosts")) -np 6 planet-dist", gone: ["a"]))
    let words = try #require(left.command).split(separator: " ").map(String.init)
    #expect(words[0...1] == ["mpirun", "--hostfile"] && words[3...] == ["-np", "4", "planet-dist"])
    #expect(try String(contentsOfFile: words[2], encoding: .utf8) == "b slots=4\n")
    #expect(left.hosts == "b, with 4 ranks")
    try FileManager.default.removeItem(atPath: words[2])

    let standard = try #require(remains("mpirun planet-dist", gone: ["b"], hostfile: folder.path("hosts"))?.command)
    #expect(standard == "mpirun --hostfile \(words[2]) planet-dist")
    #expect(try String(contentsOfFile: words[2], encoding: .utf8) == "a slots=2\n")
    try FileManager.default.removeItem(atPath: words[2])
  }
}
