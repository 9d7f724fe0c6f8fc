import Recipes
import Report
import Runs
import Training

/// Writes the run's report after every stage.
struct ReportReporter: Reporter {
  let folder: RunFolder

  func stageBegan(_ stage: Configuration.Stage, step: Int, stepsPerEpoch: Int) {}
  func stepDone(_ record: StepRecord, stepsPerEpoch: Int) {}
  func epochDone(_ row: HistoryRow) {}
  func note(_ text: String) {}

  /// A report that cannot be made must not end the training.
  func stageDone(_ stage: Configuration.Stage, path: String, phases: Phases, images: Int) {
    do { Console.print("report: \(try Report.write(folder))") } catch {
      Console.complain("warning: no report: \(error)")
    }
  }
}
