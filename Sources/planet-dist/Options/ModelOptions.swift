public import ArgumentParser
import Collectives
import Compute
public import Inference

/// Which networks look at images, and how.
struct ModelOptions: ParsableArguments {
  @Option(help: "A saved stage: RUN/models/NAME.safetensors. Given several times, their probabilities are averaged.")
  var checkpoint: [String]

  @Option(
    help:
      "Views of an image whose probabilities are averaged: dihedral (the eight symmetries of the square), fastai (fastai's TTA: 0.4 × plain + 0.6 × mean of eight random zooms), or none."
  )
  var tta = TTA.none

  @Option(help: "Seed of the random views of --tta fastai.")
  var seed: UInt32 = 1

  @Option(help: "Images in memory at a time, on each rank.")
  var batchSize = 32

  func validate() throws {
    if !(1...65536).contains(batchSize) { throw ValidationError("--batch-size must be 1 to 65536, not \(batchSize).") }
    if let twice = checkpoint.first(where: { path in checkpoint.count { $0 == path } > 1 }) {
      throw ValidationError("--checkpoint \(twice) is given twice.")
    }
  }

  /// The networks, computed as they were trained unless options say otherwise. Collective.
  func predictor(_ communicator: Communicator, _ compute: ComputeOptions) throws -> Predictor {
    let networks = try SavedNetworks(checkpoint, communicator: communicator)
    if compute.precision == nil, !networks.agreeOnPrecision, communicator.rank == 0 {
      Console.complain(
        "warning: the checkpoints were trained in different precisions: all are computed in \(networks.precision), "
          + "unless --precision says otherwise")
    }
    return try Predictor(
      networks, tta: tta, seed: seed, batchSize: batchSize,
      worker: compute.worker(communicator, precision: networks.precision))
  }
}

extension TTA: ExpressibleByArgument {}
