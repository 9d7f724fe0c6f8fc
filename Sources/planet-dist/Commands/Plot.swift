import ArgumentParser
import Charts
import Files
import Foundation
import Report
import Runs

struct Plot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a run: losses, learning rate, momentum and metrics, here and as SVG files.",
    discussion: """
      Reads RUN/history.csv and RUN/log.jsonl, also while the run goes on, once an epoch is done, and writes \
      losses.svg, lr.svg, momentum.svg and metrics.svg: fastai's plot_losses, plot_lr(show_moms=True) and plot_metrics.
      """)

  @Argument(help: ArgumentHelp("The folder that train was given as --run.", valueName: "run"))
  var runFolder: String

  @Option(help: "Folder for the pictures. Default: RUN.")
  var out: String?

  mutating func run() throws {
    try Job.alone {
      let (folder, out) = (try RunFolder.visit(runFolder), out ?? runFolder)
      // A run that was stopped in its first epoch has a log and no history yet.
      let log = try folder.readLog()
      let history =
        log == nil || FileManager.default.fileExists(atPath: folder.history) ? try HistoryRow.read(folder.history) : []
      let charts = RunCharts(log: log, history: history)
      for chart in [charts.losses, charts.fbeta] { if let chart { Console.print(text: chart.text()) } }
      for (name, chart) in [
        ("losses", charts.losses), ("lr", charts.learningRate), ("momentum", charts.momentum),
        ("metrics", charts.metrics),
      ] {
        guard let chart else { continue }
        let path = "\(out)/\(name).svg"
        try AtomicFile.write(chart.svg(), to: path)
        Console.print("wrote \(path)")
      }
    }
  }
}
