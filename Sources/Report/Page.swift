import Charts
import Files
import Foundation
import Recipes
import Runs
import Scores

/// The values that `report.mustache` shows. Properties have the names that the template uses.
struct Page {
  let title: String
  let subtitle: String
  let stages: [StageTable]
  /// The charts, as SVG.
  let charts: [String]
  /// How good the network is that the last trained stage ended with; nil before any stage is done, and without
  /// validation.
  let result: ResultPage?
  /// How often labels occur together in the last trained stage's data; nil before any stage is done.
  let together: Together?
  let recipes: [RecipeText]
  let phaseNames: [String]
  let machines: [MachineRow]
  let hosts: [String]

  /// How often labels meet.
  struct Together {
    /// Which labels are left out; empty if none is.
    let note: String
    let pairs: [PairRow]

    struct PairRow {
      let label: String
      let cells: [Cell]
    }

    struct Cell {
      let count: Int
      /// `0...1`.
      let shade: String
    }

    /// Shows the commonest labels if there are more than can be read.
    init(_ result: StageResult) {
      let (known, counts) = (result.common ?? Array(result.labels.indices), result.coOccurrence)
      let shown = known.indices.sorted { (counts[$1][$1], $0) < (counts[$0][$0], $1) }
        .prefix(StageResult.pairLimit).sorted()
      note =
        shown.count < result.labels.count
        ? "The \(shown.count) commonest of \(result.labels.count) labels." : ""
      pairs = shown.map { a in
        let own = Double(max(1, counts[a][a]))
        return PairRow(
          label: result.labels[known[a]],
          cells: shown.map { b in
            Cell(count: counts[a][b], shade: String(format: "%.2f", Double(counts[a][b]) / own * 0.8))
          })
      }
    }
  }

  struct StageTable {
    let name: String
    let facts: String
    let columns = HistoryRow.columns
    let rows: [Row]
    struct Row {
      let cells: [String]
      let best: Bool
    }
  }

  struct RecipeText {
    /// The stages that one command trained with this recipe.
    let stages: String
    let text: String
  }

  struct MachineRow {
    let stage: String
    let phases: [String]
    let imagesPerSecond: String
    let waiting: String
  }

  init(folder: RunFolder, history: [HistoryRow], charts: RunCharts, results: [StageResult]) {
    // A stage that is being trained has no result yet, and one of no epochs has no history.
    let stages = (results.map(\.stage.name) + history.map(\.stage)).reduce(into: [String]()) { stages, name in
      if !stages.contains(name) { stages.append(name) }
    }
    title = "planet-dist: \(FilePath.name(of: folder.path))"
    let date = results.last.map { $0.date.formatted(.iso8601.year().month().day()) + ", " } ?? ""
    let best = history.compactMap(\.metrics?.fbeta).max()
    subtitle =
      date + "\(history.count) epochs in \(stages.count) stage\(stages.count == 1 ? "" : "s")"
      + (best.map { String(format: ", best fbeta %.6f", $0) } ?? "")
    self.stages = stages.map { name in
      let rows = history.filter { $0.stage == name }
      let best = rows.compactMap(\.metrics?.fbeta).max()
      return StageTable(
        name: name,
        facts: results.first { $0.stage.name == name }.map { "\($0.stage), peak learning rates \($0.stage.peakRates)" }
          ?? "",
        rows: rows.map { .init(cells: $0.cells, best: best != nil && $0.metrics?.fbeta == best) })
    }
    self.charts = [charts.losses, charts.metrics, charts.learningRate, charts.momentum].compactMap { $0?.svg() }
    result = results.last.flatMap(ResultPage.init)
    together = results.last.map(Together.init)
    recipes = results.map(\.recipe).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      .map { text in
        RecipeText(
          stages: results.filter { $0.recipe == text }.map(\.stage.name).joined(separator: ", "), text: text)
      }
    phaseNames = Phases().named.map(\.name)
    machines = results.map { result in
      let seconds = Phases().training.reduce(0) { $0 + (result.phases[$1.name] ?? 0) }
      return MachineRow(
        stage: result.stage.name, phases: Phases().named.map { String(format: "%.1f", result.phases[$0.name] ?? 0) },
        imagesPerSecond: seconds > 0 ? String(format: "%.1f", Double(result.images) / seconds) : "",
        waiting: (result.waiting ?? []).map { String(format: "%.0f %%", 100 * $0) }.joined(separator: ", "))
    }
    hosts = results.map(\.machine).reduce(into: []) { if !$0.contains($1) && !$1.isEmpty { $0.append($1) } }
  }
}
