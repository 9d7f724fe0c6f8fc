import ArgumentParser
import Report
import Runs

struct MakeReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract:
      "Write a run's report.html: tables, curves, labels, the worst mistakes. Training does so after each stage.")

  @Argument(help: ArgumentHelp("The folder that train was given as --run.", valueName: "run"))
  var runFolder: String

  mutating func run() throws {
    try Job.alone { Console.print("wrote \(try RunReport.write(.visit(runFolder)))") }
  }
}
