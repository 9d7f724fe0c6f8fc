public import Compute

/// Every knob of a recipe. A new one is a property of ``Configuration``, an entry here, and an option's line in the
/// command line's `RecipeOptions`.
public enum Knobs {
  public static let arch = Knob(
    "arch", \Configuration.arch, "The network", standard: "\(Recipe.arch)",
    comment: "the network, by torchvision's name")
  public static let batchSize = Knob(
    "batch_size", \Configuration.batchSize, "Images of a step, over all ranks together",
    standard: "\(Recipe.batchSize)", comment: "images of a step, over all ranks together",
    complaint: Limits.batchSize.complaint)
  public static let wd = Knob(
    "wd", \Configuration.wd, "Weight decay", standard: "\(Recipe.wd)", comment: "weight decay",
    complaint: Limits.fraction.complaint)
  public static let ps = Knob(
    "ps", \Configuration.ps, "Dropout before the last layer; half of it before the hidden one",
    standard: "\(Recipe.ps)", comment: "dropout before the last layer; half of it before the hidden one",
    complaint: Limits.fraction.complaint)
  public static let seed = Knob(
    "seed", \Configuration.seed, "Seed of weights, order, augmentation and dropout", standard: "1")
  public static let augment = Knob(
    "augment", \Configuration.augment, "Change training images at random", standard: "yes")
  public static let shuffle = Knob(
    "shuffle", \Configuration.shuffle, "Draw a new order for every epoch", standard: "yes")
  public static let batchNorm = Knob(
    "batch_norm", \Configuration.batchNorm,
    "Whose images batch normalization's statistics are taken over: all ranks' (sync) or each rank's own (local)",
    standard: "sync")
  public static let precision = Knob(
    "precision", \Configuration.precision,
    "How activations and their gradients are stored: fp32, or bf16, faster and coarser", standard: "fp32")
  public static let virtualRanks = Knob(
    "virtual_ranks", \Configuration.virtualRanks,
    "Parts of a batch by which to sum over it: numbers of ranks that divide it compute the same bits",
    standard: "\(Recipe.virtualRanks.count)",
    comment: "numbers of ranks that divide it compute the same bits")
  public static let validPct = Knob(
    "valid_pct", \Configuration.validPct, "Fraction of the images to validate with", standard: "\(Recipe.validPct)",
    complaint: Limits.fraction.complaint)
  public static let splitSeed = Knob(
    "split_seed", \Configuration.splitSeed, "Seed of the split", standard: "\(Recipe.splitSeed)")
  public static let mixup = Knob(
    "mixup", \Configuration.mixup, "Mix pairs of training images, with this alpha (fastai: 0.4)",
    standard: "0, not", comment: "alpha; 0 is none", complaint: Limits.mixup.complaint)
  public static let labelSmoothing = Knob(
    "label_smoothing", \Configuration.labelSmoothing, "Train towards y (1 - e) + e/2 instead of y, with this e",
    standard: "0", complaint: Limits.fraction.complaint)
  public static let ema = Knob(
    "ema", \Configuration.ema, "Evaluate and save an exponential moving average of the weights, with this decay",
    standard: "0, none", comment: "decay of averaged weights; 0 is none", complaint: Limits.fraction.complaint)
  public static let keepBest = Knob(
    "keep_best", \Configuration.keepBest, "Keep of each stage the epoch with the highest fbeta",
    standard: "no, the last", comment: "of each stage, the epoch with the highest fbeta")
  static let stopping = Knob(
    "early_stopping", \Configuration.earlyStopping,
    comment: "or {patience: 2, min_delta: 0.001}: epochs without that much more fbeta")

  /// A whole recipe's, in the order of its file.
  static let all: [any FileKnob<Configuration>] = [
    arch, batchSize, wd, ps, seed, augment, shuffle, batchNorm, precision, virtualRanks,
    validPct, splitSeed, mixup, labelSmoothing,
    ema, keepBest, stopping,
  ]

  public static let patience = Knob(
    "patience", \Configuration.EarlyStopping.patience,
    "End a stage after more than this many epochs in a row without a higher fbeta", standard: "never",
    complaint: Limits.patience.complaint)
  static let minDelta = Knob(
    "min_delta", \Configuration.EarlyStopping.minDelta, complaint: Limits.fraction.complaint)

  /// The knobs of early stopping.
  static let earlyStopping: [any FileKnob<Configuration.EarlyStopping>] = [patience, minDelta]

  public static let size = Knob(
    "size", \Configuration.Stage.size, "Side of the images in pixels", complaint: Limits.size.complaint)
  static let freeze = Knob("freeze", \Configuration.Stage.frozen)
  static let lr = Knob("lr", \Configuration.Stage.learningRates)
  public static let epochs = Knob(
    "epochs", \Configuration.Stage.epochs, "Epochs of each stage", standard: "\(Recipe.epochs)",
    complaint: Limits.epochs.complaint)

  /// A stage's, in the order of its part of the file, behind its name.
  static let ofStage: [any FileKnob<Configuration.Stage>] = [size, freeze, lr, epochs]
}
