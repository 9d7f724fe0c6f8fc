import ArgumentParser
import Foundation
import ResNet
import Training

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed on this machine.", subcommands: [Step.self])

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time full training steps on made-up images: forward, backward, averaging, optimizer.")

    @Option(help: "Side of the images in pixels.")
    var size = 128

    @Option(help: "Images of a step, over all ranks together.")
    var batchSize = 64

    @Option(help: "Precision of the arithmetic; fp32 is the only one so far.")
    var precision = "fp32"

    @Option(help: "Steps to time.")
    var steps = 5

    @Flag(help: "Freeze the body, as a first stage does.")
    var frozen = false

    @Flag(help: "Time evaluation instead.")
    var evaluation = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup(title: "Machine") var compute: ComputeOptions

    func validate() throws {
      if precision != "fp32" { throw ValidationError("--precision must be fp32, not \(precision).") }
      if !(ResNet50.smallestImage...4096).contains(size) {
        throw ValidationError("--size must be \(ResNet50.smallestImage) to 4096, not \(size).")
      }
      if !(2...65536).contains(batchSize) {
        throw ValidationError("--batch-size must be 2 to 65536, not \(batchSize).")
      }
      if !(1...10_000).contains(steps) { throw ValidationError("--steps must be 1 to 10000, not \(steps).") }
    }

    mutating func run() throws {
      Job.run(compute) { communicator in
        let engine = try compute.engine(communicator)
        let banner = try compute.banner(communicator, engine)
        var benchmark = StepBenchmark()
        (benchmark.size, benchmark.batchSize, benchmark.steps) = (size, batchSize, steps)
        (benchmark.frozen, benchmark.evaluation) = (frozen, evaluation)
        let result = try benchmark.run(communicator: communicator, engine: engine)
        guard let banner else { return }
        if json {
          let encoder = JSONEncoder()
          encoder.outputFormatting = .sortedKeys
          encoder.keyEncodingStrategy = .convertToSnakeCase
          Console.print(String(decoding: try encoder.encode(result), as: UTF8.self))
        } else {
          Console.print(banner)
          Console.print(String(format: "%.1f images/s (median of %d)", result.imagesPerSecond, steps))
          for (phase, time) in result.milliseconds.sorted(by: { $0.value > $1.value }) {
            Console.print(
              "  " + phase.padding(toLength: 10, withPad: " ", startingAt: 0) + String(format: "%8.1f ms", time))
          }
        }
      }
    }
  }
}
