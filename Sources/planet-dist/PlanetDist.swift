import ArgumentParser
import Compute
import Files
import Foundation

/// The list of subcommands, nothing else.
struct PlanetDist: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "planet-dist",
    abstract: "Fine-tune a ResNet-50 on labelled images, on the CPUs of one machine or many.",
    discussion: """
      Every command runs alone, or on N ranks with `mpirun -np N planet-dist …`.

      Exit codes: 0 done; 64 wrong command line or recipe; 65 bad data, weights or checkpoint; 70 internal error; \
      74 a file cannot be read or written; 75 stopped by a signal with everything saved, or a rank did not answer: run \
      again (train with --resume); 76 replicas differ; 78 ranks were started differently.
      """,
    version: "0.1.0",
    subcommands: [
      CheckData.self, ShowBatch.self, LRFind.self, Train.self, Plot.self, MakeReport.self, Evaluate.self, Predict.self,
      ExportNetwork.self, MakeSample.self, Bench.self,
    ])
}

@main enum Main {
  static func main() {
    OpenBLAS.chooseCore()
    do {
      var command = try PlanetDist.parseAsRoot()
      try command.run()
    } catch {
      // Each rank parses the same command line; rank 0 speaks. The others wait for mpirun to end them, lest they end it
      // before rank 0 has spoken.
      if Console.launchedRank > 0 {
        sleep(2)
        exit(PlanetDist.exitCode(for: error).rawValue)
      }
      let code = PlanetDist.exitCode(for: error).rawValue
      // As PlanetDist.exit(withError:) would, and what the user typed commands no terminal.
      let message = PlanetDist.fullMessage(for: error)
      if !message.isEmpty {
        for line in message.parts(by: "\n") { if code == 0 { Console.print(line) } else { Console.complain(line) } }
      }
      exit(code)
    }
  }
}
