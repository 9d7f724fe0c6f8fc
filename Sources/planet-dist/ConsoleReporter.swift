import Compute
import Files
import Foundation
import Recipes
import Runs
import Training

/// A training run as fastai prints it: a table per stage, with a progress bar on a terminal, and elsewhere a line now and
/// then.
final class ConsoleReporter {
  private let columns = HistoryRow.columns.map { TextTable.Column.left($0 == "epoch" ? $0.count : max($0.count, 8)) }
  private var lastLine = ContinuousClock.now
  private var barLength = 0

  func show(_ event: TrainingEvent) {
    switch event {
    case .stageBegan(let stage, let step, let stepsPerEpoch): begin(stage, epoch: step / max(1, stepsPerEpoch))
    case .stepDone(let record, let stepsPerEpoch):
      let step = record.step % max(1, stepsPerEpoch) + 1
      showProgress(epoch: record.epoch, step: step, steps: stepsPerEpoch, loss: record.smoothLoss)
    case .epochDone(let row):
      clear()
      Console.print(self.row(row.cells))
      lastLine = .now
    case .note(let note): Console.print(Advice.explain(note))
    case .stageDone(_, let path, let phases, let images):
      if images > 0 { Console.print(speed(phases, images)) }
      Console.print("saved \(path)")
    }
  }

  private func begin(_ stage: Configuration.Stage, epoch: Int) {
    Console.print("")
    Console.print(
      "\(stage.name): \(stage), \(stage.epochs) epoch\(stage.epochs == 1 ? "" : "s"), "
        + "peak learning rates \(stage.peakRates)" + (epoch > 0 ? ", from epoch \(epoch)" : ""))
    Console.print(row(HistoryRow.columns))
    lastLine = .now
  }

  /// The progress bar, or now and then a line.
  func showProgress(epoch: Int, step: Int, steps: Int, loss: Double) {
    if Console.isTerminal {
      let filled = 30 * step / max(1, steps)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
      show("epoch \(epoch) \(bar) \(step)/\(steps) loss \(String(format: "%.4f", loss))")
    } else if ContinuousClock.now - lastLine > .seconds(30) {
      lastLine = .now
      Console.print("  epoch \(epoch): step \(step) of \(steps), loss \(String(format: "%.4f", loss))")
    }
  }

  /// Removes the progress bar.
  func clear() { show("") }

  private func speed(_ phases: Phases, _ images: Int) -> String {
    let rate = String(format: "%.1f", Double(images) / phases.total.seconds)
    let waited = String(
      format: "%.1f s (%.1f %%)", phases.data.seconds, 100 * phases.data.seconds / phases.total.seconds)
    return "\(rate) images/s in training, \(waited) of it waiting for data"
  }

  /// Replaces the progress bar.
  private func show(_ bar: String) {
    guard Console.isTerminal, !bar.isEmpty || barLength > 0 else { return }
    let padding = String(repeating: " ", count: max(0, barLength - bar.count))
    Console.write("\r" + bar + padding + (bar.isEmpty ? "\r" : ""))
    barLength = bar.count
  }

  private func row(_ cells: [String]) -> String { TextTable.line(cells, columns).trimmed }
}
