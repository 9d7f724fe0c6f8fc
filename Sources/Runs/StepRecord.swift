import Foundation

/// One training step, as `log.jsonl` and the reporters tell of it.
public struct StepRecord: Codable, Equatable, Sendable {
  public var stage: String
  public var epoch: Int
  /// Counted from 0 since the stage began.
  public var step: Int
  /// The loss of the global batch.
  public var loss: Double
  /// ``SmoothedLoss`` after this step: the table's train_loss.
  public var smoothLoss: Double
  /// The learning rate of each layer group.
  public var lr: [Double]
  /// Adam's β1.
  public var momentum: Double
  /// The speed of all ranks together in this step.
  public var imagesPerSecond: Double
  /// Since the stage began, validation included, pauses between a run and its resumption not.
  public var accumulatedSeconds: Double

  public init(
    stage: String, epoch: Int, step: Int, loss: Double, smoothLoss: Double, lr: [Double], momentum: Double,
    imagesPerSecond: Double, accumulatedSeconds: Double
  ) {
    (self.stage, self.epoch, self.step, self.loss, self.smoothLoss) = (stage, epoch, step, loss, smoothLoss)
    (self.lr, self.momentum, self.imagesPerSecond) = (lr, momentum, imagesPerSecond)
    self.accumulatedSeconds = accumulatedSeconds
  }

  /// A line of a log; nil for what is no step's. A carriage return at its end, as spreadsheets and editors leave it, is
  /// white space to JSON.
  init?(line: ArraySlice<UInt8>) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let json = line.starts(with: mark) ? line.dropFirst(mark.count) : line
    guard let record = try? Self.decoder.decode(StepRecord.self, from: Data(json)) else { return nil }
    self = record
  }

  static let encoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return encoder
  }()

  static let decoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }()
}
