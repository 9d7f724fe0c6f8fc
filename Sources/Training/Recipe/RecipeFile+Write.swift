import Compute

extension RecipeFile {
  /// The recipe's text, every knob in it: reading it gives the same configuration.
  public static func text(_ c: Configuration) -> String {
    var lines = [
      "batch_size: \(c.batchSize)  # images of a step, over all ranks together",
      "wd: \(c.wd)  # weight decay",
      "ps: \(c.ps)  # dropout before the last layer; half of it before the hidden one",
      "seed: \(c.seed)",
      "augment: \(c.augment)",
      "shuffle: \(c.shuffle)",
      "batch_norm: \(c.batchNorm.rawValue)",
      "precision: \(c.precision.rawValue)",
      "valid_pct: \(c.validPct)",
      "split_seed: \(c.splitSeed)",
      "mixup: \(c.mixup)  # alpha; 0 is none",
      "label_smoothing: \(c.labelSmoothing)",
      "ema: \(c.ema)  # decay of averaged weights; 0 is none",
      "keep_best: \(c.keepBest)  # of each stage, the epoch with the highest fbeta",
    ]
    if let stopping = c.earlyStopping {
      lines.append("early_stopping: {patience: \(stopping.patience), min_delta: \(stopping.minDelta)}")
    }
    lines.append("stages:")
    for (place, stage) in c.stages.enumerated() {
      lines.append("  - name: \(stage.name)")
      if stage.index != nextIndex(after: c.stages[..<place]) {
        lines.append("    index: \(stage.index)  # its place in the whole recipe")
      }
      lines += [
        "    size: \(stage.size)",
        "    freeze: \(stage.frozen)",
        "    lr: [\(stage.learningRates.map { "\($0)" }.joined(separator: ", "))]",
        "    epochs: \(stage.epochs)",
      ]
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
