import ArgumentParser
import Training

/// When training saves its state, and where else, beside its stages and epochs.
struct SavingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Save the state so often within an epoch: steps (500), or a time (90s, 10m, 2h, 1d). Default: 10m.",
      valueName: "interval"))
  var saveEvery: SaveInterval?

  @Option(
    help: ArgumentHelp(
      "Save the state and the stages there, too, by a rank of another host if there are several: a folder to --resume from when --run is lost with its host.",
      valueName: "folder"))
  var saveCopy: String?

  @Option(
    help: ArgumentHelp(
      "Save and end with exit code 75 after so much time (90s, 10m, 2h, 1d), where a time limit would come without a signal.",
      valueName: "time"))
  var maxTime: TimeSpan?
}
