public import Charts
public import Runs
import Scores

/// What a run looked like, as fastai's recorder plots it. Nil where the run kept nothing to draw.
public struct RunCharts: Sendable {
  /// fastai's `plot_losses`: the smoothed training loss of each step, the validation loss at each epoch's end, stages
  /// one after another. Without the steps of all epochs, both losses of each epoch.
  public let losses: LineChart?
  /// `plot_lr`: the last layer group's rate at each step.
  public let learningRate: LineChart?
  /// The second half of `plot_lr(show_moms=True)`: β1 at each step.
  public let momentum: LineChart?
  /// `plot_metrics`: each epoch's metrics. fbeta, by which stages are judged, comes first.
  public let metrics: LineChart?
  /// The chart of fbeta alone.
  public let fbeta: LineChart?

  /// - Parameters:
  ///   - log: the run's steps; nil if it kept none.
  ///   - history: the rows of all stages.
  public init(log: RunLog?, history: [HistoryRow]) {
    let steps = Timeline(steps: log?.records ?? [])
    let epochs = Timeline(epochs: history)
    losses = Self.losses(steps, log?.records ?? [], history) ?? Self.losses(epochs, history)
    learningRate = Self.chart("Learning rate", steps, "last layer group", log?.records ?? []) { $0.lr.last ?? .nan }
    momentum = Self.chart("Momentum", steps, "β1", log?.records ?? []) { $0.momentum }
    let names = Metric.all.map(\.name)
    let lines = (names.filter { $0 == "fbeta" } + names.reversed().filter { $0 != "fbeta" }).map { name in
      Self.line(name, epochs, history) { $0.metrics?[name] }
    }
    metrics = Self.chart("Metrics", epochs, lines)
    fbeta = Self.chart("fbeta", epochs, lines.filter { $0.name == "fbeta" })
  }

  private static func losses(_ timeline: Timeline, _ records: [StepRecord], _ history: [HistoryRow]) -> LineChart? {
    let ends = history.map { timeline.end(ofEpoch: $0.epoch, of: $0.stage) }
    guard !ends.contains(nil) else { return nil }
    let validation = zip(ends, history).compactMap { end, row in
      row.metrics.flatMap { metrics in end.map { ($0, metrics.loss) } }
    }
    return chart(
      "Losses", timeline,
      [
        .init("training (smoothed)", points: zip(timeline.places, records.map(\.smoothLoss)).map { ($0, $1) }),
        .init("validation", style: .dotted, points: validation),
      ])
  }

  private static func losses(_ timeline: Timeline, _ history: [HistoryRow]) -> LineChart? {
    chart(
      "Losses", timeline,
      [
        line("training (smoothed)", timeline, history) { $0.trainLoss },
        line("validation", timeline, history) { $0.metrics?.loss },
      ])
  }

  private static func chart(
    _ title: String, _ timeline: Timeline, _ yLabel: String, _ records: [StepRecord], _ value: (StepRecord) -> Double
  ) -> LineChart? {
    let points = zip(timeline.places, records.map(value)).map { ($0, $1) }
    return chart(title, timeline, [.init(yLabel, points: points)], yLabel: yLabel)
  }

  private static func line(
    _ name: String, _ timeline: Timeline, _ history: [HistoryRow], _ value: (HistoryRow) -> Double?
  ) -> LineChart.Line {
    .init(
      name, style: .dotted, points: zip(timeline.places, history).compactMap { x, row in value(row).map { (x, $0) } })
  }

  /// A chart of the lines that have points; nil if none has.
  private static func chart(
    _ title: String, _ timeline: Timeline, _ lines: [LineChart.Line], yLabel: String = ""
  ) -> LineChart? {
    let lines = lines.filter { !$0.points.isEmpty }
    guard !lines.isEmpty else { return nil }
    return LineChart(
      title: title, xLabel: timeline.unit, yLabel: yLabel, lines: lines,
      marks: timeline.starts.map { .init(x: $0.place, label: $0.stage) })
  }
}

/// The axis on which stages follow one another.
private struct Timeline {
  let unit: String
  /// Each record's, or row's, place on the axis.
  let places: [Double]
  /// Where each stage begins.
  let starts: [(stage: String, place: Double)]
  private let ends: [String: [Int: Double]]

  /// fastai's axis: batches processed before the step.
  init(steps: [StepRecord]) {
    unit = "batches processed"
    var (offset, places): (Double, [Double]) = (0, [])
    var starts: [(stage: String, place: Double)] = []
    var ends: [String: [Int: Double]] = [:]
    for step in steps {
      if step.stage != starts.last?.stage {
        offset = places.last.map { $0 + 1 } ?? 0
        starts.append((step.stage, offset))
      }
      places.append(offset + Double(step.step))
      ends[step.stage, default: [:]][step.epoch] = offset + Double(step.step) + 1
    }
    (self.places, self.starts, self.ends) = (places, starts, ends)
  }

  /// Epochs trained, over all stages.
  init(epochs: [HistoryRow]) {
    unit = "epoch"
    places = epochs.indices.map { Double($0 + 1) }
    ends = [:]
    // A stage begins between two epochs, but the first one at its first.
    starts = epochs.indices.filter { $0 == 0 || epochs[$0].stage != epochs[$0 - 1].stage }
      .map { (epochs[$0].stage, max(1, Double($0) + 0.5)) }
  }

  /// Batches processed at an epoch's end; nil where its steps are not known.
  func end(ofEpoch epoch: Int, of stage: String) -> Double? { ends[stage]?[epoch] }
}
