import ArgumentParser
import Collectives

struct Supervise: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a command, mpirun above all, that neither a signal nor a failure of a part must cost its work.",
    discussion: """
      planet-dist supervise --restarts 3 -- mpirun -np 2 planet-dist train --resume auto …

      mpirun ends with 1 after SIGTERM, SIGINT or SIGHUP, and kills its ranks seconds later, whatever they do. Here these \
      signals become SIGUSR1, which mpirun passes on: ranks save, and the exit code is the command's, 75 after saving; \
      128 + N if signal N ended it. A second Ctrl-C, more than a second after the first, ends the command at once.

      With --restarts, a command that ends by what may not happen again (a rank or host lost, killed, not answering: 1, 75, \
      137, 139, 143, 205, 255) is started again, on those of mpirun's hosts that still answer. That it does not begin anew \
      is up to it: train with --resume auto.
      """)

  @Option(
    help:
      "How often the command may be started again without having saved anything new in between; then its code stands.")
  var restarts = 0

  @Option(
    help: ArgumentHelp(
      "Ask the command to save and end after so much time (90s, 10m, 2h, 1d), as a signal would.", valueName: "time"))
  var maxTime: TimeSpan?

  @Argument(parsing: .postTerminator, help: "The command, after --.")
  var command: [String]

  func validate() throws {
    if command.isEmpty { throw ValidationError("Name a command after --, as in: planet-dist supervise -- mpirun …") }
    if !(0...1_000_000).contains(restarts) {
      throw ValidationError("--restarts must be 0 to 1000000, not \(restarts).")
    }
    let training = TrainingCommand(command)
    guard restarts > 0, let training else { return }
    if !training.resumesItself {
      throw ValidationError("--restarts: started again, the command would not go on. Add --resume auto to train.")
    }
    if training.limitsTime {
      throw ValidationError("--restarts: give --max-time to supervise, which else starts the command again.")
    }
  }

  mutating func run() throws {
    Supervised.listen(maxTime: maxTime?.duration)
    throw ExitCode(Restarts(command, limit: restarts).run())
  }
}
