import ArgumentParser
import Collectives
import Files
import Foundation
import Inference
import PlanetData

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the tags of every image in one or more folders to a CSV file, in the order of their names.",
    discussion: """
      SIGUSR1, SIGTERM, SIGHUP and SIGINT end it with exit code 75. What is done by then, or by a kill, is kept in OUT.partial: \
      the same command goes on from there, also on another number of ranks.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Tags") var thresholds: ThresholdOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  @Option(
    help:
      "Folder of images (\(ImageFormat.suffixList)). Given several times, the folders' images follow each other.")
  var images: [String]

  @Option(help: "The CSV file to write: image_name,tags.")
  var out: String

  @Option(help: "File such as Kaggle's sample_submission.csv: write exactly its rows, in its order.")
  var like: String?

  @Flag(help: "Write a column with each label's probability instead of tags.")
  var probabilities = false

  func validate() throws {
    if probabilities && thresholds.areGiven {
      throw ValidationError("--probabilities writes no tags. Leave out --threshold and --thresholds.")
    }
  }

  mutating func run() throws {
    let outcome = Job.run(compute) { communicator in
      let samples = try communicator.agree { try ImageFolder.list(images) }
      let predictor = try model.predictor(communicator, compute)
      let submission = try communicator.onRoot { try self.submission(samples, labels: predictor.labels) }
      var progress = ProgressLines()
      let outcome = try predictor.predict(
        samples, as: submission ?? Submission(.probabilities), to: out, onProgress: { progress.show(done: $0, of: $1) },
        onWarning: Console.complain)
      guard communicator.rank == 0 else { return outcome }
      switch outcome {
      case .finished: Console.print("wrote \(samples.count) rows to \(out)")
      case .stopped(let path):
        Console.print("stopped: what is done is saved in \(path); run the same command again to continue")
      }
      return outcome
    }
    if case .stopped = outcome { throw ExitCode(EX_TEMPFAIL) }
  }

  /// What to write; the files it depends on are read on rank 0 alone.
  private func submission(_ samples: [Sample], labels: [String]) throws -> Submission {
    let rows = try like.map { try SampleSubmission.rows($0, of: samples) }
    return Submission(probabilities ? .probabilities : .tags(try thresholds.load(labels: labels)), rows: rows)
  }
}

/// Prints a line now and then about work that takes long.
private struct ProgressLines {
  private var hasBegun = false
  private var lastLine: ContinuousClock.Instant?

  /// Told first what was done before.
  mutating func show(done: Int, of total: Int) {
    guard hasBegun else {
      if done > 0 { Console.print("continuing: \(done) of \(total) views were done before") }
      hasBegun = true
      return
    }
    if let lastLine, ContinuousClock.now - lastLine < .seconds(30) { return }
    lastLine = .now
    Console.print("\(done) of \(total) views (\(100 * done / max(1, total)) %)")
  }
}
