import Collectives

/// How far a prediction has come: whole passes over the images, and a part of the next.
struct PredictionProgress: Equatable {
  /// Passes that are done, each one network's look at one view of every image.
  var passes = 0
  /// Images the next pass has done: the first so many.
  var images = 0
  /// The sum of what the passes contributed to each probability, `[images, labels]`.
  var sums: [Double]

  /// Nothing is done yet.
  init(images: Int, labels: Int) { sums = [Double](repeating: 0, count: images * labels) }

  init(passes: Int, images: Int, sums: [Double]) { (self.passes, self.images, self.sums) = (passes, images, sums) }

  /// Rank 0's, on every rank.
  func shared(_ communicator: Communicator) throws(CommunicationError) -> PredictionProgress {
    // Others contribute zeros, which is exact.
    let isSource = communicator.rank == 0
    let own = isSource ? [Double(passes), Double(images)] + sums : [Double](repeating: 0, count: sums.count + 2)
    let all = try communicator.sum(own)
    return PredictionProgress(passes: Int(all[0]), images: Int(all[1]), sums: Array(all[2...]))
  }
}
