import Foundation
import TestSupport
import Testing

/// The command line without any work behind it: help, version, and wrong use, word for word.
@Suite struct UsageTests {
  @Test func help() throws {
    let run = try ProgramRun("planet-dist", ["--help"])
    #expect(run.exitCode == 0)
    let words = run.output.split { $0.isWhitespace }.joined(separator: " ")
    #expect(words.hasPrefix("OVERVIEW: Fine-tune a ResNet on labelled images, on the CPUs of one machine or many."))
    for command in [
      "check-data", "show-batch", "lr-find", "train", "plot", "report", "evaluate", "predict", "export", "sample",
      "supervise", "bench",
    ] {
      #expect(run.output.contains("\n  \(command) "))
      let help = try ProgramRun("planet-dist", [command, "--help"])
      #expect(help.exitCode == 0 && help.output.contains("USAGE: planet-dist \(command)"))
    }
    for code in ["64 wrong", "65 bad data", "74 a", "75 stopped", "76 replicas", "78 ranks"] {
      #expect(words.contains(code))
    }
    #expect(try ProgramRun("planet-dist", ["--version"]).output == "0.1.0\n")
  }

  @Test(arguments: [
    (["train"], "Error: Missing expected argument '--data <data>'. Give it, or both --labels and --images."),
    (
      ["evaluate", "--checkpoint", "x"],
      "Error: Missing expected argument '--data <data>'. Give it, or both --labels and --images."
    ),
    (["train", "--data", "x", "--batch-size", "1"], "Error: --batch-size must be 2 to 65536, not 1."),
    (["train", "--data", "x", "--size", "31"], "Error: --size must be 32 to 4096, not 31."),
    (
      ["train", "--data", "x", "--arch", "resnet18"],
      "Error: The value 'resnet18' is invalid for '--arch <arch>'. Please provide one of 'resnet50', 'resnet101' or 'resnet152'."
    ),
    (["train", "--data", "x", "--epochs=-1"], "Error: --epochs must be 0 to 100000, not -1."),
    (["train", "--data", "x", "--ps", "1"], "Error: --ps must be in 0.0..<1.0, not 1.0."),
    (["train", "--data", "x", "--valid-pct", "nan"], "Error: --valid-pct must be in 0.0..<1.0, not nan."),
    (
      ["train", "--data", "x", "--lr", "fast"],
      "Error: --lr must be a positive number (1e-30 to 1000000.0), slice(lr) or slice(low,high), not 'fast'."
    ),
    (
      ["train", "--data", "x", "--lr", "slice(1,2,3)"],
      "Error: --lr must be a positive number (1e-30 to 1000000.0), slice(lr) or slice(low,high), not 'slice(1,2,3)'."
    ),
    (
      ["train", "--data", "x", "--stages", "stage-3"],
      "Error: --stages: no stage stage-3. There are stage-1-rn50, stage-2-rn50, stage-1-256-rn50, stage-2-256-rn50."
    ),
    (["train", "--data", "x", "--stages", "stage-1-rn50,stage-1-rn50"], "Error: --stages must name each stage once."),
    (
      ["train", "--data", "x", "--join-timeout", "0"],
      "Error: --join-timeout must be 1 to 1000000 seconds, not 0.0."
    ),
    (["train", "--data", "x", "--timeout", "inf"], "Error: --timeout must be 1 to 1000000 seconds, not inf."),
    (
      ["train", "--data", "x", "--from", "stage-2-256-rn50"],
      "Error: --from stage-2-256-rn50 leaves no stage to train. Name some with --stages."
    ),
    (["train", "--data", "x", "--threads", "0"], "Error: --threads must be 1 to 1024, not 0."),
    (
      ["export", "--checkpoint", "x", "--out", "y", "--format", "keras"],
      "Error: The value 'keras' is invalid for '--format <format>'. Please provide one of 'onnx' and 'torchvision'."
    ),
    (
      ["export", "--checkpoint", "x", "--out", "y", "--format", "onnx", "--threshold", "1"],
      "Error: --threshold must be between 0 and 1, not 1.0."
    ),
    (["check-data", "--data", "x", "--size", "5000"], "Error: --size must be 32 to 4096, not 5000."),
    (["check-data", "--data", "x", "--batch-size", "0"], "Error: --batch-size must be 2 to 65536, not 0."),
    (["predict", "--images", "x", "--out", "y"], "Error: Missing expected argument '--checkpoint <checkpoint> ...'"),
    (
      ["evaluate", "--checkpoint", "x", "--data", "y", "--threshold", "1"],
      "Error: --threshold must be between 0 and 1, not 1.0."
    ),
    (
      ["evaluate", "--checkpoint", "x", "--data", "y", "--threshold", "nan"],
      "Error: --threshold must be between 0 and 1, not nan."
    ),
    (
      ["evaluate", "--checkpoint", "x", "--data", "y", "--threshold", "0.1", "--thresholds", "z"],
      "Error: --threshold and --thresholds exclude each other."
    ),
    (["evaluate", "--checkpoint", "x", "--checkpoint", "x", "--data", "y"], "Error: --checkpoint x is given twice."),
    (
      ["predict", "--checkpoint", "x", "--images", "y", "--out", "z", "--probabilities", "--threshold", "0.1"],
      "Error: --probabilities writes no tags. Leave out --threshold and --thresholds."
    ),
    (
      ["predict", "--checkpoint", "x", "--images", "y", "--out", "z", "--tta", "flip"],
      "Error: The value 'flip' is invalid for '--tta <tta>'. Please provide one of 'none', 'dihedral' or 'fastai'."
    ),
    (["sample", "--out", "x", "--count", "0"], "Error: --count must be 1 to 1000000, not 0."),
    (
      ["bench", "step", "--precision", "fp8"],
      "Error: The value 'fp8' is invalid for '--precision <precision>'. Please provide one of 'fp32' and 'bf16'."
    ),
    (
      ["lr-find", "--data", "x", "--start-lr", "0"],
      "Error: --start-lr must be 1e-30 to 1000000.0, not 0.0."
    ),
    (["lr-find", "--data", "x", "--num-it", "1"], "Error: --num-it must be 2 to 100000, not 1."),
    (
      ["lr-find", "--data", "x", "--from", "a", "--pretrained", "b"],
      "Error: --from and --pretrained exclude each other."
    ),
    (
      ["show-batch", "--data", "x", "--out", "batch.gif"],
      "Error: --out must end in .svg, .png or .jpg: batch.gif does not."
    ),
    (["show-batch", "--data", "x", "--out", "b.svg", "--rows", "0"], "Error: --rows must be 1 to 32, not 0."),
    (["supervise"], "Error: Missing expected argument '-- <command> ...'"),
    (["plot"], "Error: Missing expected argument '<run>'"),
    (["trian"], "Error: Unknown command 'trian'. Did you mean 'train'?"),
    (["chekdata", "--data", "x"], "Error: Unknown command 'chekdata'. Did you mean 'check-data'?"),
    (["trian", "--help"], "Error: Unknown command 'trian'. Did you mean 'train'?"),
    (["help", "evalute"], "Error: Unknown command 'evalute'. Did you mean 'evaluate'?"),
    (["bench", "stp"], "Error: Unknown command 'stp'. Did you mean 'step'?"),
    (["quantize"], "Error: Unknown command 'quantize'. 'planet-dist --help' lists all."),
    (["train", "--data", "x", "--epoch", "3"], "Error: Unknown option '--epoch'. Did you mean '--epochs'?"),
    (["train", "--data", "x", "--batchsize=3"], "Error: Unknown option '--batchsize'. Did you mean '--batch-size'?"),
    (["predict", "--chekpoint", "x"], "Error: Unknown option '--chekpoint'. Did you mean '--checkpoint'?"),
    (["train", "-data", "x", "--lr", "-1"], "Error: Unknown option '-data'. Did you mean '--data'?"),
    (["bench", "step", "--gpus", "8"], "Error: Unknown option '--gpus'. 'planet-dist bench step --help' lists all."),
    (["qu\u{1B}[31m\u{202E}x"], "Error: Unknown command 'qu\\x1b[31m\\u{202e}x'. 'planet-dist --help' lists all."),
  ]) func wrongUse(arguments: [String], message: String) throws {
    let run = try ProgramRun("planet-dist", arguments)
    #expect(run.exitCode == 64)
    #expect(run.errors.split(separator: "\n").first.map(String.init) == message)
    #expect(run.output.isEmpty)
  }

  @Test(.enabled(if: ProgramRun.hasMPI, "needs mpirun (Debian: openmpi-bin)"))
  func wrongUseOfManyRanksIsOneMessage() throws {
    let run = try ProgramRun("planet-dist", ranks: 3, ["train", "--data", "x", "--batch-size", "1"])
    #expect(run.exitCode == 64)
    #expect(run.lines(containing: "Error: --batch-size") == ["Error: --batch-size must be 2 to 65536, not 1."])
  }
}
