import ArgumentParser
import Collectives
import Compute
import Files
import Foundation

/// The list of subcommands, nothing else.
struct PlanetDist: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "planet-dist",
    abstract: "Fine-tune a ResNet on labelled images, on the CPUs of one machine or many.",
    discussion: """
      Every command runs alone, or on N ranks with `mpirun -np N planet-dist …`; what takes long, with \
      `planet-dist supervise -- mpirun -np N planet-dist …`, which signals do not cost its work.

      Exit codes: 0 done; 64 wrong command line or recipe; 65 bad data, weights or checkpoint; 70 internal error; \
      74 a file cannot be read or written; 75 stopped by a signal with everything saved, a rank did not answer or join, or \
      another run writes there: run again (train with --resume); 130 ended by a second Ctrl-C, nothing saved; 76 replicas differ; 78 ranks were started differently.
      """,
    version: version,
    subcommands: [
      CheckData.self, ShowBatch.self, LRFind.self, Train.self, Plot.self, MakeReport.self, Evaluate.self, Predict.self,
      ExportNetwork.self, MakeSample.self, Supervise.self, Bench.self,
    ])
}

@main enum Main {
  static func main() {
    OpenBLAS.chooseCore()
    signal(SIGPIPE, SIG_IGN)  // a pipe that nobody reads any more must not end a training
    signal(SIGXFSZ, SIG_IGN)  // nor a limit on the size of files, which writing reports as an error
    // Of a signal that all ranks get, rank 0 speaks. Under mpirun a SIGTERM needs no word: mpirun sends it when a rank has
    // failed, and that rank has said why.
    StopSignals.listen(silent: Launcher.current.rank > 0 ? StopSignals.all : Launcher.current.isMpirun ? [SIGTERM] : [])
    do {
      var command = try PlanetDist.parseAsRoot()
      try command.run()
    } catch {
      let code = PlanetDist.exitCode(for: error)
      let misspelling = Misspelling(in: CommandLine.arguments.dropFirst())
        .flatMap { $0.isCommand || code == .validationFailure ? $0 : nil }
      // All ranks parse the same command line, and rank 0 speaks. If another rank exited first, mpirun would end rank 0
      // before it has spoken, so the others wait until mpirun ends them, or for two seconds if it does not.
      if Launcher.current.rank > 0 {
        sleep(2)
        exit(misspelling == nil ? code.rawValue : EX_USAGE)
      }
      // As PlanetDist.exit(withError:) prints it, except that control characters in what the user typed are shown.
      let message = misspelling.map { "Error: \($0.message)" } ?? PlanetDist.fullMessage(for: error)
      let succeeded = misspelling == nil && code.isSuccess
      if !message.isEmpty {
        for line in message.parts(by: "\n") { if succeeded { Console.print(line) } else { Console.complain(line) } }
      }
      exit(misspelling == nil ? code.rawValue : EX_USAGE)
    }
  }
}
