import Files
import Foundation

/// Which hosts answer.
enum HostCheck {
  private static let seconds = 5

  /// Those that run a command that ssh, or what mpirun takes for it, brings them; and this one.
  static func answering(_ hosts: [String]) -> Set<String> {
    // Open MPI takes the first of a list that it finds: "ssh : rsh". Where it is empty, mpirun starts ranks here alone.
    let agents = ProcessInfo.processInfo.environment["OMPI_MCA_plm_rsh_agent"] ?? "ssh"
    let agent = (agents.parts(by: ":").first ?? "").parts(by: " ").filter { !$0.isEmpty }
    guard let program = agent.first else { return Set(hosts) }
    let options =
      FilePath.name(of: program) == "ssh" ? ["-x", "-o", "BatchMode=yes", "-o", "ConnectTimeout=\(seconds)", "--"] : []
    let name = Host.name ?? ""
    let own = ["localhost", "127.0.0.1", name, name.parts(by: ".")[0]]
    let others = Set(hosts).filter { !own.contains($0) && !$0.begins(with: "-") }
    let asked = others.map { ($0, start(agent + options + [$0, "true"])) }
    let end = Date() + 2 * Double(seconds)
    return Set(hosts).filter(own.contains).union(
      asked.compactMap { name, process in
        guard let process else { return nil }
        while process.isRunning, Date() < end { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning { process.terminate() } else if process.terminationStatus == 0 { return name }
        return nil
      })
  }

  private static func start(_ command: [String]) -> Process? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return (try? process.run()) == nil ? nil : process
  }
}
