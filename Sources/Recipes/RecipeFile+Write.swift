import Files

extension RecipeFile {
  /// The recipe's text, every knob in it: reading it gives the same configuration.
  public static func text(_ c: Configuration) -> String {
    var lines = Knobs.all.map { line($0, c) } + ["stages:"]
    for (place, stage) in c.stages.enumerated() {
      lines.append("  - name: \(stage.name)")
      if stage.index != nextIndex(after: c.stages[..<place]) {
        lines.append("    index: \(stage.index)  # its place in the whole recipe")
      }
      lines += Knobs.ofStage.map { "    " + line($0, stage) }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func line<Root>(_ knob: any FileKnob<Root>, _ root: Root) -> String {
    let text = knob.text(of: root)
    // A mapping is explained by its own keys.
    guard let comment = knob.comment, !text.begins(with: "{") else { return "\(knob.key): \(text)" }
    return "\(knob.key): \(text)  # \(comment)"
  }

  /// Every value of a recipe by its name: "batch_size", "stages", "epochs of stage-1-rn50".
  static func values(_ c: Configuration) -> [String: String] {
    var values = ["stages": c.stages.map(\.name).joined(separator: " ")]
    for knob in Knobs.all {
      let text = knob.text(of: c)
      if text != "null" { values[knob.key] = text }
    }
    for stage in c.stages {
      values["index of \(stage.name)"] = stage.index.text
      for knob in Knobs.ofStage { values["\(knob.key) of \(stage.name)"] = knob.text(of: stage) }
    }
    return values
  }
}
