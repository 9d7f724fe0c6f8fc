import Compute

extension RecipeFile {
  /// The recipe's text, every knob in it: reading it gives the same configuration.
  public static func text(_ c: Configuration) -> String {
    var lines = knobs(c).map { "\($0.name): \($0.value)\($0.meaning.isEmpty ? "" : "  # " + $0.meaning)" } + ["stages:"]
    for (place, stage) in c.stages.enumerated() {
      lines.append("  - name: \(stage.name)")
      if stage.index != nextIndex(after: c.stages[..<place]) {
        lines.append("    index: \(stage.index)  # its place in the whole recipe")
      }
      lines += knobs(stage).map { "    \($0.name): \($0.value)" }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Every value of a recipe by its name: "batch_size", "stages", "epochs of stage-1-rn50".
  static func values(_ c: Configuration) -> [String: String] {
    var values = ["stages": c.stages.map(\.name).joined(separator: " ")]
    for knob in knobs(c) where knob.value != "null" { values[knob.name] = knob.value }
    for stage in c.stages {
      for (name, value) in knobs(stage) + [("index", "\(stage.index)")] { values["\(name) of \(stage.name)"] = value }
    }
    return values
  }

  private static func knobs(_ c: Configuration) -> [(name: String, value: String, meaning: String)] {
    let stopping = c.earlyStopping.map { "{patience: \($0.patience), min_delta: \($0.minDelta)}" }
    return [
      ("arch", "\(c.arch)", "the network, by torchvision's name"),
      ("batch_size", "\(c.batchSize)", "images of a step, over all ranks together"),
      ("wd", "\(c.wd)", "weight decay"),
      ("ps", "\(c.ps)", "dropout before the last layer; half of it before the hidden one"),
      ("seed", "\(c.seed)", ""),
      ("augment", "\(c.augment)", ""),
      ("shuffle", "\(c.shuffle)", ""),
      ("batch_norm", c.batchNorm.rawValue, ""),
      ("precision", c.precision.rawValue, ""),
      ("valid_pct", "\(c.validPct)", ""),
      ("split_seed", "\(c.splitSeed)", ""),
      ("mixup", "\(c.mixup)", "alpha; 0 is none"),
      ("label_smoothing", "\(c.labelSmoothing)", ""),
      ("ema", "\(c.ema)", "decay of averaged weights; 0 is none"),
      ("keep_best", "\(c.keepBest)", "of each stage, the epoch with the highest fbeta"),
      (
        "early_stopping", stopping ?? "null",
        stopping == nil ? "or {patience: 2, min_delta: 0.001}: epochs without that much more fbeta" : ""
      ),
    ]
  }

  private static func knobs(_ stage: Configuration.Stage) -> [(name: String, value: String)] {
    [
      ("size", "\(stage.size)"), ("freeze", "\(stage.frozen)"),
      ("lr", "[\(stage.learningRates.map { "\($0)" }.joined(separator: ", "))]"), ("epochs", "\(stage.epochs)"),
    ]
  }
}
