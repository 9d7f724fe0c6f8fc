import PlanetData
import Recipes
import Runs
import Scores
import TensorBoard
import Training

/// A training run as TensorBoard shows it: in `RUN/tensorboard`, a folder for each stage, over the steps since the stage
/// began.
final class TensorBoardReporter {
  private let folder: RunFolder
  private let dataset: Dataset
  private let configuration: Configuration
  private var file: EventFile?
  private var step = 0

  init(_ folder: RunFolder, dataset: Dataset, configuration: Configuration) {
    (self.folder, self.dataset, self.configuration) = (folder, dataset, configuration)
  }

  func record(_ event: TrainingEvent) {
    switch event {
    case .stageBegan(let stage, let step, _): begin(stage, step: step)
    case .stepDone(let record, _): add(record)
    case .epochDone(let row): add(row)
    case .note(let note): write { try file?.text("notes", Advice.explain(note), step: step) }
    case .stageDone: file = nil
    }
  }

  private func begin(_ stage: Configuration.Stage, step: Int) {
    self.step = step
    write {
      let file = try EventFile(folder: folder.tensorboard + "/" + stage.name, startStep: step)
      self.file = file
      if step > 0 { return }
      try file.text("recipe", "```yaml\n" + RecipeFile.text(configuration) + "```", step: 0)
      let plan = configuration.plan(stage, epoch: 0, images: dataset.train)
      // Images of the first batch, because training opens these next anyway, and reports one that cannot be read.
      let chips = try plan.chips(
        min(16, configuration.batchSize), of: dataset, size: stage.size, batchSize: configuration.batchSize)
      if chips.isEmpty { return }
      let sheet = Image.grid(chips.map(\.image), columns: 4)
      if let jpeg = JPEG.encode(sheet, quality: 90) {
        try file.image("chips", jpeg: jpeg, width: sheet.width, height: sheet.height, step: 0)
      }
    }
  }

  private func add(_ record: StepRecord) {
    step = record.step + 1
    write {
      for (tag, value) in [
        ("loss/train", record.smoothLoss), ("loss/step", record.loss), ("momentum", record.momentum),
        ("images_per_second", record.imagesPerSecond),
      ] { try file?.scalar(tag, value, step: record.step) }
      for (group, rate) in record.lr.enumerated() { try file?.scalar("lr/group_\(group)", rate, step: record.step) }
    }
  }

  /// Metrics stand at the epoch's last step, so that both losses share their axis.
  private func add(_ row: HistoryRow) {
    guard let metrics = row.metrics else { return }
    write {
      try file?.scalar("loss/valid", metrics.loss, step: step - 1)
      for (name, value) in metrics.named { if let value { try file?.scalar(name, value, step: step - 1) } }
    }
  }

  /// A log that cannot be written must not end the training: it says so once, and goes on without.
  private func write(_ body: () throws -> Void) {
    do { try body() } catch {
      file = nil
      Console.complain("warning: no more events for TensorBoard: \(error)")
    }
  }
}
